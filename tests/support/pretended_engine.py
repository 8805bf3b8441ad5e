"""A stand-in for docker: it takes the command lines that Millrace gives an engine, runs the "image" as a program of this
machine with the mounted folder's files, and keeps track of its containers. There is no real engine where the tests run; what
a real one does with these command lines (src/subprocess/container_engine_test.cc) is not tested."""
import json
import os
import pathlib
import signal
import sys

ENGINE = f"""#!{sys.executable}
import json, os, pathlib, signal, subprocess, sys
here = pathlib.Path(__file__).resolve().parent
images = json.loads((here / "images.json").read_text())
with open(here / "calls.jsonl", "a") as calls:
    calls.write(json.dumps({{"argv": sys.argv[1:], "environment": dict(os.environ)}}) + "\\n")
words = sys.argv[2:]
if sys.argv[1] == "rm":
    running = here / "containers" / words[-1]
    if running.exists():
        try:
            os.kill(int(running.read_text()), signal.SIGKILL)
        except ProcessLookupError:
            pass  # unlike a real one it descends from the engine's program, with which it may have ended
        running.unlink()
    sys.exit(0)
assert sys.argv[1] == "run", sys.argv
options = {{}}
while words[0].startswith("-"):
    option = words.pop(0)
    if option in ("--name", "-v", "-e"):
        options.setdefault(option, []).append(words.pop(0))
image, arguments = words[0], words[1:]
if image not in images:
    sys.exit("Unable to find image '%s' locally: pull access denied" % image)
host, inside, _ = options["-v"][0].split(":")
arguments = [host + word[len(inside):] if word.startswith(inside + "/") else word for word in arguments]
record = here / "containers" / options["--name"][0]
# Like a container, it goes on when the engine's own program is killed.
container = subprocess.Popen(images[image] + arguments, start_new_session=True, env=dict(os.environ, IN_CONTAINER="yes"))
record.write_text(str(container.pid))
code = container.wait()
record.unlink(missing_ok=True)
sys.exit(code if code >= 0 else 128 - code)
"""


class PretendedEngine:
    def __init__(self, folder, images):
        """`images`: {name: words of the program that is its entry point}."""
        self.folder = pathlib.Path(folder)
        (self.folder / "containers").mkdir(parents=True)
        (self.folder / "images.json").write_text(json.dumps(images))
        self.program = self.folder / "docker"
        self.program.write_text(ENGINE)
        self.program.chmod(0o755)

    def environment(self):
        return {"PATH": f"{self.folder}:{os.environ['PATH']}"}

    def calls(self):
        """Every call: {"argv", "environment"}."""
        path = self.folder / "calls.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def running(self):
        """Names of containers that were started and neither ended nor were removed."""
        return [path.name for path in (self.folder / "containers").iterdir()]

    def stop_all(self):
        for path in (self.folder / "containers").iterdir():
            try:
                os.kill(int(path.read_text()), signal.SIGKILL)
            except (ProcessLookupError, ValueError):
                pass
