"""A folder of Python packages in the place of a package index: connectors that are made up, as wheels, which pip and uv install
without any network."""
import base64
import hashlib
import pathlib
import zipfile

PROGRAM = '''import json, sys, time
SPEC = {spec!r}
def say(kind, key, value):
    print(json.dumps({{"type": kind, key: value}}), flush=True)
def main():
    task = sys.argv[1]
    if task == "wait" or task == {sleeps_in!r}:
        print("sleeping", flush=True)
        time.sleep(600)
    elif task == "spec":
        if SPEC is None:
            sys.exit("ImportError: no module named heart")
        say("SPEC", "spec", {{"connectionSpecification": SPEC}})
    elif task == "check":
        say("CONNECTION_STATUS", "connectionStatus", {{"status": "SUCCEEDED"}})
    elif task == "discover":
        say("CATALOG", "catalog", {{"streams": [{{"name": "versions", "json_schema": {{"type": "object", "properties": {{"version": {{"type": "string"}}}}}},
                                                 "supported_sync_modes": ["full_refresh"]}}]}})
    else:
        say("RECORD", "record", {{"stream": "versions", "data": {{"version": {version!r}}}, "emitted_at": 1700000000000}})
'''
SPEC = {"type": "object", "required": ["rows"], "properties": {"rows": {"type": "integer"}}}


def write_wheel(folder, package, version, *, program=None, needs=(), requires_python=">=3.8", spec=SPEC, sleeps_in="", ballast=0, more=None):
    """A wheel whose console script is `program` (default: the package without "airbyte-"); "" for none. `more`: {name: text} of further files."""
    module = package.replace("-", "_")
    program = package.removeprefix("airbyte-") if program is None else program
    info = f"{module}-{version}.dist-info"
    files = {
        f"{module}/__init__.py": PROGRAM.format(spec=spec, sleeps_in=sleeps_in, version=version),
        f"{info}/METADATA": "\n".join(["Metadata-Version: 2.1", f"Name: {package}", f"Version: {version}", f"Requires-Python: {requires_python}",
                                       *[f"Requires-Dist: {need}" for need in needs], ""]),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files.update(more or {})
    if program:
        files[f"{info}/entry_points.txt"] = f"[console_scripts]\n{program} = {module}:main\n"
    if ballast:
        files[f"{module}/ballast"] = "x" * ballast
    record = "".join(f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()},{len(text)}\n"
                     for name, text in files.items())
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / f"{module}-{version}-py3-none-any.whl", "w") as wheel:
        for name, text in {**files, f"{info}/RECORD": record + f"{info}/RECORD,,\n"}.items():
            wheel.writestr(name, text)
