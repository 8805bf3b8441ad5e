#!/usr/bin/env python3
"""Compares what we make of manifests with what Airbyte's CDK makes of them.

Each manifest, and many mutations of it, go through both: reading, references, parameters, and the
check against the components' schema. Differences are printed; the exit code is 1 when there are any.

    manifest_differential.py --python /path/to/venv/bin/python --probe build/src/declarative/manifest/manifest_probe \\
        [--mutations 50] [--seed 1] FILE...

FILE is a manifest (YAML or JSON), or a case of the oracle (its `manifest` member is used). The CDK
(airbyte-cdk 7.39.1) must be installed for --python.
"""
import argparse
import json
import pathlib
import random
import subprocess
import sys

import yaml

CDK = r"""
import copy, json, sys
from airbyte_cdk.sources.declarative.concurrent_declarative_source import (
    get_declarative_component_schema, validate_manifest)
from airbyte_cdk.sources.declarative.parsers.manifest_component_transformer import ManifestComponentTransformer
from airbyte_cdk.sources.declarative.parsers.manifest_reference_resolver import ManifestReferenceResolver
from airbyte_cdk.utils.yaml_loader import safe_load_yaml
from airbyte_cdk.sources.declarative.parsers.manifest_normalizer import ManifestNormalizer
schema = get_declarative_component_schema()
for line in sys.stdin:
    try:
        manifest = safe_load_yaml(json.loads(line))
        if sys.argv[1:] == ["yaml"]:
            print(json.dumps(["ok", repr(manifest)]), flush=True)
            continue
        if not isinstance(manifest, dict):
            raise ValueError("no mapping")
        if "type" not in manifest:
            manifest["type"] = "DeclarativeSource"
        resolved = ManifestReferenceResolver().preprocess_manifest(manifest)
        tree = ManifestComponentTransformer().propagate_types_and_parameters("", resolved, {})
        try:
            validate_manifest(tree, schema)
        except Exception as error:
            cause = error.__cause__
            where = ".".join(map(str, getattr(cause, "absolute_path", [])))
            raise ValueError(f"{where}: {str(getattr(cause, 'message', error))[:200]}")
        if sys.argv[1:] == ["normalized"]:
            tree = ManifestNormalizer(tree, schema).normalize()
        answer = ["ok", repr(tree)]
    except BaseException as error:
        answer = ["error", f"{type(error).__name__}: {error}"[:300]]
    print(json.dumps(answer), flush=True)
"""


class Engine:
    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, text):
        self.process.stdin.write(json.dumps(text) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        return json.loads(line) if line else ["crash", str(self.process.wait())]


def places(node, path=()):
    """All (container, key) of a tree."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield node, key
        yield from places(value, path + (key,))


VALUES = [None, True, False, 0, 1, -1, 2.0, 2.5, "", "x", "{{ config['a'] }}", "5", [], {}, ["a"], [1], [["a"]],
          {"type": "NoAuth"}, {"type": "DpathExtractor", "field_path": []}, {"a": "b"}, {"a": 1}, [200, 200], [True, 1],
          "GET", "#/definitions/nothing", {"$ref": "#/check"}, "#/version", {"class_name": "a.b.C"},
          {"type": "Custom"}, {"type": "CustomRequester", "class_name": "x"}, {"type": "object"}, {"type": ["null", "object"]},
          {"$parameters": {"name": "p", "path": "/x"}}, {"$parameters": None}, [{"type": "AddFields", "fields": []}]]


def mutate(tree, rng, types):
    tree = json.loads(json.dumps(tree, default=str))
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        everything = list(places(tree))
        container, key = rng.choice(everything)
        kind = rng.randrange(10)
        value = container[key]
        if kind <= 1:
            del container[key]
        elif kind <= 4:
            container[key] = json.loads(json.dumps(rng.choice(VALUES)))
        elif kind == 5 and isinstance(container, dict) and isinstance(key, str):
            container[key + rng.choice(["s", "_", "X"])] = container.pop(key)
        elif kind == 6 and isinstance(value, dict):
            value["type"] = rng.choice(types)
        elif kind == 7 and isinstance(value, dict):
            value["$parameters"] = json.loads(json.dumps(rng.choice(
                [{"name": "n"}, {"path": "p", "url_base": "u"}, {"type": "NoAuth"}, {"fields": [{"path": ["a"], "value": "b"}]},
                 {"retriever": {"type": "X"}}, {"primary_key": ""}, {}, {"use_cache": False, "name": ""}])))
        elif kind == 8:
            other_container, other = rng.choice(everything)
            container[key] = json.loads(json.dumps(other_container[other])) if other in (
                other_container if isinstance(other_container, dict) else range(len(other_container))) else None
        elif isinstance(container, dict):
            container[rng.choice(["name", "type", "$ref", "condition", "class_name", "decoder", "page_size"])] = rng.choice(VALUES)
    return json.dumps(tree)


PIECES = [" ", "  ", "\n", "\n  ", ":", ": ", "- ", "#", "'", '"', "[", "]", "{", "}", ",", "&a ", "*a", "!!str ", "|\n", ">\n",
          "~", "1_0", "0x1", "1:30", "1e3", "yes", "<<: ", "? ", "---\n", "2024-01-31", "\t", "%", "@", "\\", "é", "\u2028", "=", "null"]


def garble(text, rng):
    """The text with some of it taken away, put elsewhere, or pieces of YAML put in."""
    for _ in range(rng.choice([1, 1, 2, 4])):
        at = rng.randrange(len(text) + 1)
        kind = rng.randrange(3)
        if kind == 0:
            text = text[:at] + text[at + rng.randrange(1, 4):]
        elif kind == 1:
            text = text[:at] + rng.choice(PIECES) + text[at:]
        else:
            end, other = min(len(text), at + rng.randrange(30)), rng.randrange(len(text) + 1)
            text = text[:other] + text[at:end] + text[other:]
    return text


def manifests(paths):
    for path in paths:
        text = pathlib.Path(path).read_text()
        try:
            case = yaml.safe_load(text)
        except yaml.YAMLError:
            case = None
        if isinstance(case, dict) and "steps" not in case and "check" in case:
            yield path, text
            continue
        if not isinstance(case, dict):
            continue
        for number, step in enumerate([case] + (case.get("steps") or [])):
            manifest = step.get("manifest") if isinstance(step, dict) else None
            if isinstance(manifest, str):
                yield f"{path}#{number}", manifest


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", required=True)
    parser.add_argument("--probe", required=True)
    parser.add_argument("--mutations", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--normalized", action="store_true", help="compare the builder's form of it")
    parser.add_argument("--yaml", action="store_true", help="garble the text and compare how it is read")
    parser.add_argument("--verbose", action="store_true", help="print both messages of what both refuse")
    parser.add_argument("files", nargs="+")
    arguments = parser.parse_args()
    print("seed", arguments.seed)
    rng = random.Random(arguments.seed)
    form = ["normalized"] if arguments.normalized else ["yaml"] if arguments.yaml else []
    ours, theirs = Engine([arguments.probe] + form), Engine([arguments.python, "-c", CDK] + form)
    types = subprocess.run([arguments.python, "-c", "import airbyte_cdk.sources.declarative.concurrent_declarative_source as s;"
                            "print(*s.get_declarative_component_schema()['definitions'])"],
                           check=True, capture_output=True, text=True).stdout.split()
    counts, different = {"ok": 0, "error": 0}, 0
    for name, text in manifests(arguments.files):
        try:
            tree = yaml.safe_load(text)
        except yaml.YAMLError:
            tree = None
        variants = [text]
        if arguments.yaml:
            variants += [garble(text, rng) for _ in range(arguments.mutations)]
        elif isinstance(tree, dict):
            variants += [mutate(tree, rng, types) for _ in range(arguments.mutations)]
        for number, variant in enumerate(variants):
            mine, other = ours.ask(variant), theirs.ask(variant)
            if mine[0] == "crash":
                print("CRASH", name, variant)
                return 1
            counts[other[0]] += 1
            same = mine == other if other[0] == "ok" else mine[0] == other[0]
            if not same:
                different += 1
                print(f"DIFFERENT {name} ({number})\n  ours   {mine}\n  theirs {other}\n  {variant[:3000]}\n")
            elif arguments.verbose and other[0] == "error":
                print(f"{name} ({number})\n  ours   {mine[1]}\n  theirs {other[1]}")
    print(f"accepted {counts['ok']}, refused {counts['error']}, different {different}")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
