#!/usr/bin/env python3
"""Seeds one violation of each rule into a small tree and expects exactly that rule to find it."""
import json
import pathlib
import tempfile
import unittest

import tidy

ARCHITECTURE = """# A
| module | what | may include |
|---|---|---|
| `base` | b | – |
| `clients` | c | base |
| `connector` | k | base |
| `sources` | s | connector, clients |
| `pipeline` | p | connector |
| `cli` | everything | everything |
"""
README = "# M\n| module | what |\n|---|---|\n" + "".join(f"| `{m}` | x |\n" for m in ("base", "clients", "connector", "sources", "pipeline", "cli"))
SPEC = {"connectionSpecification": {"type": "object", "properties": {"password": {"type": "string", "airbyte_secret": True}}}}
CLEAN = {
    "docs/ARCHITECTURE.md": ARCHITECTURE,
    "README.md": README,
    "src/base/status.h": "#pragma once\n",
    "src/base/CMakeLists.txt": "millrace_module(base)\n",
    "src/base/base_test.cc": '#include "base/status.h"\n',
    "src/clients/http/request.h": '#include "base/status.h"\n',
    "src/connector/source.h": '#include <arrow/type_fwd.h>\n#include "base/status.h"\n',
    "src/sources/one/read.cc": '#include "connector/source.h"\n#include "clients/http/request.h"\n',
    "src/sources/one/CMakeLists.txt": "millrace_module(sources/one DEPENDS millrace_connector millrace_clients_http)\n",
    "src/sources/one/README.md": "one\n",
    "src/sources/one/spec.json": json.dumps(SPEC),
    "src/sources/two/read.h": '#include "base/status.h"\n',
    "src/sources/two/README.md": "two\n",
    "src/sources/two/spec.json": json.dumps(SPEC),
    "src/pipeline/run.cc": '#include "connector/source.h"\n// detach() and std::thread in a comment are words\n',
    "src/cli/CMakeLists.txt": "millrace_module(cli EXCLUDE main.cc attempt_main.cc)\n",
    "src/cli/main.cc": '#include "base/status.h"\n',
    "src/cli/attempt_main.cc": '#include "sources/one/read.cc"\nconst char* text = "using namespace std";\n',
}
# rule: {file: new content}; None removes the file
SEEDED = {
    "include-edge": [
        {"src/pipeline/run.cc": '#include "sources/two/read.h"\n'},
        {"src/base/status.h": '#include "connector/source.h"\n'},
        {"src/sources/one/read.cc": '#include "sources/two/read.h"\n'},
        {"src/sources/one/read.cc": '#include "pipeline/run.cc"\n'},
        {"docs/ARCHITECTURE.md": "# no table\n"},
    ],
    "include-path": [{"src/base/status.h": '#include "status_code.h"\n'}],
    "link-edge": [{"src/sources/one/CMakeLists.txt": "millrace_module(sources/one DEPENDS millrace_pipeline)\n"}],
    "arrow-free": [
        {"src/clients/http/request.h": '#include <parquet/types.h>\n'},
        {"src/base/status.h": '#include <arrow/api.h>\n'},
        {"src/cli/main.cc": '#include "connector/source.h"\n'},
    ],
    "banned-name": [
        {"src/base/string_utils.h": "\n"},
        {"src/base/status.h": "class StatusManager {\n};\n"},
        {"src/base/status.h": "struct PathHelper final {\n};\n"},
        {"tests/common.py": "\n"},
    ],
    "banned-code": [
        {"src/base/status.h": "using namespace std;\n"},
        {"src/pipeline/run.cc": "void f() { worker.detach(); }\n"},
        {"src/pipeline/run.cc": "std::thread worker;\n"},
        {"src/pipeline/run.cc": "void f() { std::this_thread::sleep_for(wait); }\n"},
    ],
    "open-note": [{"src/base/status.h": "// TODO: later\n"}],
    "file-length": [{"src/base/status.h": "\n" * (tidy.LINES_HARD + 1)}],
    "readme-modules": [
        {"README.md": README.replace("| `cli` | x |\n", "")},
        {"README.md": README + "| `server` | x |\n"},
    ],
    "test-built": [{"src/base/CMakeLists.txt": None}],
    "connector-folder": [{"src/sources/two/README.md": None}, {"src/sources/two/spec.json": None}],
    "spec": [{"src/sources/two/spec.json": "{"}, {"src/sources/two/spec.json": "{}"}],
    "spec-secret": [{"src/sources/two/spec.json": json.dumps(
        {"connectionSpecification": {"properties": {"ssl": {"oneOf": [{"properties": {"client_key": {"type": "string"}}}]}}}})}],
    "machine-path": [{"docs/NOTES.md": "see /" + "work/x\n"}, {"scripts/get.sh": "curl py" + "pi.org\n"}],
}


def write(root, files):
    for name, text in files.items():
        p = pathlib.Path(root, name)
        if text is None:
            p.unlink()
        else:
            p.parent.mkdir(parents=True, exist_ok=True)
            p.write_text(text)


class TidyTest(unittest.TestCase):
    def test_clean_tree_has_no_violation(self):
        with tempfile.TemporaryDirectory() as root:
            write(root, CLEAN)
            self.assertEqual([], [str(v) for v in tidy.violations(root)])

    def test_every_seeded_violation_is_found(self):
        for rule, seeds in SEEDED.items():
            for seed in seeds:
                with self.subTest(rule=rule, seed=seed), tempfile.TemporaryDirectory() as root:
                    write(root, CLEAN)
                    write(root, seed)
                    self.assertIn(rule, {v.rule for v in tidy.violations(root)})


if __name__ == "__main__":
    unittest.main()
