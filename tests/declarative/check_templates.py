"""Compares what millrace-interpolate answers with what was recorded.

    python3 check_templates.py PROGRAM TABLE...

A table is a JSON list of {"kind", "template", "context", "value_type"?, "expected"}, or an object with such a list as "rows" and
"contexts" that rows name. README.md says what they mean. Any error equals any error. Exit 0: all equal.
"""
import json
import subprocess
import sys

NOW = "2024-03-10T12:00:00Z"  # when the tables were recorded


def typed(value):
    """The value such that 1, 1.0 and true differ, and the order of members doesn't count."""
    if isinstance(value, list):
        return [typed(item) for item in value]
    if isinstance(value, dict):
        return {key: typed(member) for key, member in value.items()}
    return [type(value).__name__, value]


def outcome(answer):
    if "error" in answer:
        return "an error"
    return typed(answer["value"]) if "value" in answer else "no answer"


def answers_of(program, rows):
    questions = "".join(
        json.dumps({**{k: v for k, v in row.items() if k != "expected"}, "id": number}) + "\n"
        for number, row in enumerate(rows))
    done = subprocess.run([program, "--now", NOW], input=questions, text=True, capture_output=True,
                          timeout=300, check=True)
    return {answer["id"]: answer for answer in map(json.loads, done.stdout.splitlines())}


def check(program, path):
    with open(path, encoding="utf-8") as file:
        table = json.load(file)
    rows = table
    if isinstance(table, dict):
        rows = [{**row, "context": table["contexts"][row["context"]]} for row in table["rows"]]
    answers = answers_of(program, rows)
    failed = 0
    for number, row in enumerate(rows):
        answer = answers.get(number, {})
        if outcome(answer) == outcome(row["expected"]):
            continue
        failed += 1
        print(f"{path}: row {number} [{row['kind']}] {json.dumps(row['template'])}\n"
              f"  expected {json.dumps(row['expected'])}\n  answered {json.dumps(answer)}")
    print(f"{path}: {len(rows) - failed} of {len(rows)} equal")
    return failed == 0 and len(rows) > 0


if __name__ == "__main__":
    results = [check(sys.argv[1], path) for path in sys.argv[2:]]
    sys.exit(0 if results and all(results) else 1)
