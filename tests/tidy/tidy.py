#!/usr/bin/env python3
"""Holds the tree to the rules that a script can check. Usage: tidy.py [ROOT]

Prints one line per violation and exits 1 when there is any. Python's standard library only; contacts nothing. Each rule
is a function that takes a Tree and yields Violations; RULES lists them. tidy_test.py seeds a violation of every rule and
expects it to be found.
"""
import dataclasses
import functools
import json
import pathlib
import re
import sys

LINES_HARD, LINES_WARN = 800, 400
# What `millrace` links: no Arrow header may be reachable from these.
ARROW_FREE = ("base", "protocol", "catalogue", "attempt", "clients/http", "clients/s3", "clients/postgres", "clients/ssh", "control", "server", "cli")
# Modules whose folders are each a target of their own and, where the flag is set, must not know each other.
GROUPED = {"clients": False, "sources": True, "destinations": True}
SHARED_FOLDERS = {"destinations/sql"}

BANNED_NAME = re.compile(r"(Utils?|Helpers?|Common|Manager)$")
BANNED_FILE = re.compile(r"(^|_)(utils?|helpers?|common|manager)(_|$)")
TYPE = re.compile(r"^\s*(?:template\s*<.*>\s*)?(?:class|struct|enum(?: class)?|namespace)\s+(?:\[\[\w+\]\]\s*)?(\w+)\s*(?:final\s*)?(?:[:{]|$)")
BANNED_CODE = [
    (re.compile(r"\busing\s+namespace\s+std\b"), "using namespace std"),
    (re.compile(r"\.detach\s*\(\s*\)"), "detach(): threads are joined"),
    (re.compile(r"\bstd::thread\b(?!::)"), "std::thread: use std::jthread"),
]
SLEEP = re.compile(r"\b(?:sleep_for|sleep_until|usleep|nanosleep|sleep)\s*\(")
OPEN_NOTE = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
# Names of build machines and package hosts: nothing in the tree may depend on them.
MACHINE = re.compile(r"(?<![\w.$}/-])/(?:work|farm|home/\w+|Users/\w+)/|\b(?:pypi|npmjs|pythonhosted|crates|golang)\.(?:org|io)\b")
SECRET_FIELD = re.compile(r"(?:^|_)(?:password|secret|secret_key|secret_access_key|private_key|client_key|shared_key|sas_token|shared_access_signature|account_key|"
                          r"access_token|refresh_token|api_key|service_account_json)$")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


@dataclasses.dataclass(frozen=True)
class Violation:
    rule: str
    path: str
    line: int
    what: str

    def __str__(self):
        where = f"{self.path}:{self.line}" if self.line else self.path
        return f"{where}: [{self.rule}] {self.what}"


class Tree:
    """The files of one checkout, read once."""

    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()

    def path(self, name):
        return self.root / name

    def files(self, folder, *suffixes):
        base = self.root / folder
        if not base.exists():
            return
        for p in sorted(base.rglob("*")):
            parts = p.relative_to(self.root).parts
            if parts[:2] == ("bench", "run"):  # what a benchmark left: not part of the tree
                continue
            if p.is_file() and (not suffixes or p.suffix in suffixes) and not any(x.startswith(".") or x == "__pycache__" for x in parts):
                yield p

    def name(self, path):
        return path.relative_to(self.root).as_posix()

    @functools.lru_cache(maxsize=None)
    def lines(self, path):
        return path.read_text(encoding="utf-8", errors="replace").splitlines()

    def sources(self):
        return self.files("src", ".h", ".cc")

    def folders(self):
        """Every module folder of src/: base, clients/http, sources/postgres …"""
        out = set()
        for p in self.sources():
            parts = p.relative_to(self.root / "src").parts[:-1]
            if parts:
                out.add("/".join(parts[:2]) if parts[0] in GROUPED else parts[0])
        return sorted(out)

    def table(self, doc):
        """Rows of the first Markdown table of `doc` whose header starts with 'module': [[cells]]."""
        rows, inside = [], False
        if not self.path(doc).exists():
            return rows
        for line in self.lines(self.path(doc)):
            cells = [c.strip() for c in line.strip().strip("|").split("|")] if line.strip().startswith("|") else None
            if cells and cells[0] == "module":
                inside = True
            elif inside and not cells:
                break
            elif inside and not set(cells[0]) <= set("-: "):
                rows.append(cells)
        return rows


def module_of(path):
    """'sources/postgres/types.h' → ('sources', 'sources/postgres')."""
    parts = path.split("/")
    return parts[0], "/".join(parts[:2]) if parts[0] in GROUPED and len(parts) > 2 else parts[0]


def is_test(path):
    return path.name.endswith(("_test.cc", "_fuzz.cc")) or "testing" in path.parts


def code_only(lines):
    """Lines with string literals and comments blanked, so that words in them are not code."""
    inside = False
    for line in lines:
        out = line
        if inside:
            end = out.find("*/")
            if end < 0:
                yield ""
                continue
            out, inside = out[end + 2:], False
        out = re.sub(r'"(?:[^"\\]|\\.)*"', '""', out)
        out = re.sub(r"//.*", "", out)
        out = re.sub(r"/\*.*?\*/", "", out)
        start = out.find("/*")
        if start >= 0:
            out, inside = out[:start], True
        yield out


# ---- rules --------------------------------------------------------------------------------------------------------

def may_include(tree):
    """{module: every module it may include}, closed under the table's own edges."""
    direct = {}
    for name, _, allowed, *_ in (r + [""] for r in tree.table("docs/ARCHITECTURE.md") if len(r) >= 3):
        direct[name.strip("`")] = None if allowed == "everything" else {a.strip("` ") for a in allowed.split(",")} - {"–", "-", ""}
    closed = {}
    for name in direct:
        seen, todo = set(), [name]
        while todo:
            m = todo.pop()
            if m not in seen:
                seen.add(m)
                todo += (direct if direct.get(m, set()) is None else direct.get(m, set())) or []
        closed[name] = seen
    return closed


def edge_allowed(allowed, from_path, to_path):
    from_module, from_folder = module_of(from_path)
    to_module, to_folder = module_of(to_path)
    if from_module not in allowed:
        return f"module {from_module} is not in the table of docs/ARCHITECTURE.md"
    if to_module not in allowed[from_module]:
        return f"{from_module} may not include {to_module}"
    if from_folder != to_folder and from_module == to_module and GROUPED.get(from_module) and to_folder not in SHARED_FOLDERS:
        return f"{from_folder} may not include its sibling {to_folder}"
    return ""


def check_include_edges(tree):
    allowed = may_include(tree)
    if not allowed:
        yield Violation("include-edge", "docs/ARCHITECTURE.md", 0, "has no table that starts with 'module'")
        return
    for p in tree.sources():
        inner = p.relative_to(tree.root / "src").as_posix()
        for n, line in enumerate(tree.lines(p), 1):
            m = INCLUDE.match(line)
            if m and m[1] == '"':
                target = tree.path("src") / m[2]
                if "/" not in m[2] or m[2].startswith("."):
                    yield Violation("include-path", tree.name(p), n, f'"{m[2]}": write it from src/ on, module/file.h')
                elif target.exists() and (why := edge_allowed(allowed, inner, m[2])):
                    yield Violation("include-edge", tree.name(p), n, why)


def check_link_edges(tree):
    """The DEPENDS of millrace_module() are edges too."""
    allowed = may_include(tree)
    targets = {"millrace_" + f.replace("/", "_"): f for f in tree.folders()}
    for p in sorted((tree.root / "src").rglob("CMakeLists.txt")):
        text = re.sub(r"#.*", "", p.read_text())
        for m in re.finditer(r"millrace_module\(\s*([\w/]+)(.*?)\)", text, re.S):
            uses = m[2].split("TEST_DEPENDS")[0]
            for used in re.findall(r"\bmillrace_\w+", uses):
                if used in targets and (why := edge_allowed(allowed, m[1] + "/x.cc", targets[used] + "/x.h")):
                    yield Violation("link-edge", tree.name(p), 0, why)


def check_arrow_free(tree):
    """From files of ARROW_FREE folders, no include chain may end at an Arrow or Parquet header. Of cli, only the files of the
    module count, which `millrace` links: those that its CMakeLists.txt excludes, and
    cli/attempt, are millrace-attempt's."""
    cli = tree.path("src/cli/CMakeLists.txt")
    excluded = re.findall(r"EXCLUDE([^)]*)", cli.read_text()) if cli.exists() else []
    attempt_half = {"cli/" + name for names in excluded for name in names.split()} - {"cli/main.cc"}
    attempt_half |= {name.removesuffix(".cc") + ".h" for name in attempt_half}

    @functools.lru_cache(maxsize=None)
    def chain(inner):
        path = tree.path("src") / inner
        if not path.exists():
            return None
        for line in tree.lines(path):
            m = INCLUDE.match(line)
            if not m:
                continue
            if re.match(r"(arrow|parquet)/", m[2]):
                return [inner, m[2]]
            if m[1] == '"' and (rest := chain(m[2])):
                return [inner, *rest]
        return None

    for p in tree.sources():
        inner = p.relative_to(tree.root / "src").as_posix()
        if module_of(inner)[1] in ARROW_FREE and not is_test(p) and inner not in attempt_half and not inner.startswith("cli/attempt/") and (found := chain(inner)):
            yield Violation("arrow-free", tree.name(p), 0, "reaches " + " → ".join(found[1:]))


def check_banned_names(tree):
    for p in [*tree.sources(), *tree.files("tests", ".h", ".cc", ".py"), *tree.files("bench", ".py", ".cpp", ".sh")]:
        if BANNED_FILE.search(p.stem):
            yield Violation("banned-name", tree.name(p), 0, "files are named after the one thing in them, not Utils, Helpers, Common or Manager")
    for p in tree.sources():
        for n, line in enumerate(code_only(tree.lines(p)), 1):
            m = TYPE.match(line)
            if m and BANNED_NAME.search(m[1]):
                yield Violation("banned-name", tree.name(p), n, f"{m[1]}: name the thing, not its kind")


def check_banned_code(tree):
    for p in tree.sources():
        for n, line in enumerate(code_only(tree.lines(p)), 1):
            for pattern, what in BANNED_CODE:
                if pattern.search(line):
                    yield Violation("banned-code", tree.name(p), n, what)
            if SLEEP.search(line) and not tree.name(p).startswith("src/base/") and not is_test(p):
                yield Violation("banned-code", tree.name(p), n, "sleep outside base: wait on a condition or a Clock, with a deadline")


def check_open_notes(tree):
    here = tree.path("tests/tidy")
    for p in [*tree.files("src"), *tree.files("tests"), *tree.files("cmake"), *tree.files("bench"), *tree.files("scripts")]:
        if here in p.parents:
            continue
        for n, line in enumerate(tree.lines(p), 1):
            if OPEN_NOTE.search(line) and p.suffix not in (".md", ".parquet", ".gz", ".zst", ".zip"):
                yield Violation("open-note", tree.name(p), n, "open ends belong in docs/PLAN.md")


def check_file_length(tree):
    for p in tree.sources():
        if len(tree.lines(p)) > LINES_HARD:
            yield Violation("file-length", tree.name(p), 0, f"{len(tree.lines(p))} lines, at most {LINES_HARD}: find the second thing in it")


def check_readme_modules(tree):
    listed = {r[0].strip("`") for r in tree.table("README.md")}
    there = {module_of(f + "/x")[0] for f in tree.folders()}
    for m in sorted(there - listed):
        yield Violation("readme-modules", "README.md", 0, f"the table of modules lacks src/{m}")
    for m in sorted(listed - there):
        yield Violation("readme-modules", "README.md", 0, f"the table of modules names {m}, which src/ does not have")


def check_tests_built(tree):
    """millrace_module() builds every *_test.cc of its folder; a folder that never calls it is not built."""
    for p in tree.sources():
        if p.name.endswith(("_test.cc", "_fuzz.cc")):
            cmake = p.parent / "CMakeLists.txt"
            text = cmake.read_text() if cmake.exists() else ""
            if "millrace_module(" not in text and p.name not in text:
                yield Violation("test-built", tree.name(p), 0, "no CMakeLists.txt beside it builds it")


def connector_folders(tree):
    return [f for f in tree.folders() if f.startswith(("sources/", "destinations/")) and f not in SHARED_FOLDERS]


def check_connector_folders(tree):
    for f in connector_folders(tree):
        for needed in ("README.md", "spec.json"):
            if not (tree.path("src") / f / needed).exists():
                yield Violation("connector-folder", f"src/{f}", 0, f"has no {needed}")


def spec_fields(node, path=()):
    """Every (path, schema) of a JSON Schema's properties, through oneOf/anyOf/allOf and items."""
    if not isinstance(node, dict):
        return
    for name, schema in (node.get("properties") or {}).items():
        yield (*path, name), schema
        yield from spec_fields(schema, (*path, name))
    for key in ("oneOf", "anyOf", "allOf"):
        for option in node.get(key) or []:
            yield from spec_fields(option, path)
    yield from spec_fields(node.get("items"), path)


def check_specs(tree):
    for f in connector_folders(tree):
        p = tree.path("src") / f / "spec.json"
        if not p.exists():
            continue
        try:
            spec = json.loads(p.read_text())
        except ValueError as e:
            yield Violation("spec", tree.name(p), 0, f"is not JSON: {e}")
            continue
        if not isinstance(spec.get("connectionSpecification"), dict):
            yield Violation("spec", tree.name(p), 0, "has no connectionSpecification")
            continue
        for path, schema in spec_fields(spec["connectionSpecification"]):
            where = ".".join(path)
            if SECRET_FIELD.search(path[-1]) and schema.get("type") == "string" and "const" not in schema and schema.get("airbyte_secret") is not True:
                yield Violation("spec-secret", tree.name(p), 0, f"{where} must be marked airbyte_secret")


def check_machine_paths(tree):
    here = tree.path("tests/tidy")
    for folder in ("src", "tests", "cmake", "bench", "scripts", "docs", "demo", ".ci"):
        for p in tree.files(folder):
            if here in p.parents or p.suffix in (".parquet", ".gz", ".zst", ".zip"):
                continue
            for n, line in enumerate(tree.lines(p), 1):
                if MACHINE.search(line):
                    yield Violation("machine-path", tree.name(p), n, "names a path or a package host of one machine")
    for p in sorted(tree.root.glob("*")):
        if p.is_file() and not p.name.startswith("."):
            for n, line in enumerate(tree.lines(p), 1):
                if MACHINE.search(line):
                    yield Violation("machine-path", tree.name(p), n, "names a path or a package host of one machine")


RULES = [check_include_edges, check_link_edges, check_arrow_free, check_banned_names, check_banned_code, check_open_notes, check_file_length,
         check_readme_modules, check_tests_built, check_connector_folders, check_specs, check_machine_paths]


def violations(root):
    tree = Tree(root)
    return [v for rule in RULES for v in rule(tree)]


def long_files(root):
    tree = Tree(root)
    return [(tree.name(p), n) for p in tree.sources() if (n := len(tree.lines(p))) > LINES_WARN]


def main(argv):
    root = argv[1] if len(argv) > 1 else pathlib.Path(__file__).resolve().parents[2]
    for name, n in long_files(root):
        print(f"note: {name} has {n} lines (aim for {LINES_WARN})")
    found = violations(root)
    for v in found:
        print(v)
    print(f"tidy: {len(found)} violations")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
