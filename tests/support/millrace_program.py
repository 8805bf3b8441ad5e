"""Runs the built program the way a user does, and holds every run to what every run must keep:
no secret in its output, no crash, an exit code of the documented ones."""
import contextlib
import json
import os
import pathlib
import signal
import subprocess

import yaml

SECRETS = {"admin-pw-Zq81", "reader-pw-7Kx2", "s3-secret-Wm40qT", "secret-of-the-tunnel"}
EXIT_CODES = {0, 1, 2, 130}


class Outcome:
    def __init__(self, argv, code, out, err):
        self.argv, self.code, self.out, self.err = argv, code, out, err

    @property
    def text(self):
        return self.out + self.err

    def json(self):
        """Standard output as the one JSON document that --json promises."""
        return json.loads(self.out)

    def messages(self):
        """Standard output as Airbyte messages; any other line is an error."""
        return [json.loads(line) for line in self.out.splitlines() if line]

    def __repr__(self):
        return f"{' '.join(self.argv)}\nexit {self.code}\n--- stdout\n{self.out[-6000:]}\n--- stderr\n{self.err[-6000:]}"


class Millrace:
    def __init__(self, build, folder, slowness=1):
        """`slowness`: by how much the program is slower than one that is released."""
        self.slowness = slowness
        self.program = pathlib.Path(build) / "bin" / "millrace"
        self.folder = pathlib.Path(folder)
        self.secrets = set(SECRETS)
        assert self.program.exists(), f"{self.program} is not built"

    def file(self, source, destination=None, name="connection", **keys):
        """Writes a connection file; source and destination are (type, config); in place of a type stands a command (a list) or, as keys of the file, what else names it."""
        def end(naming, config):
            return {**(naming if isinstance(naming, dict) else {"command" if isinstance(naming, list) else "type": naming}), "config": config}
        document = {"name": name, "source": end(*source)}
        if destination:
            document["destination"] = end(*destination)
        document.update(keys)
        path = self.folder / f"{name}.yaml"
        path.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))
        return path

    def start(self, *args, env=None, stdin=subprocess.DEVNULL, under=(), **more):
        """A running Millrace in a process group of its own; `under`: the words of a command that runs it."""
        argv = [*under, str(self.program), *map(str, args)]
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "PG"))}
        environment.update(env or {})
        return subprocess.Popen(argv, env=environment, stdin=stdin, cwd=self.folder, start_new_session=True, **more)

    def run(self, *args, input=None, env=None, timeout=120, expect=None, **more):
        with self.start(*args, env=env, stdin=subprocess.DEVNULL if input is None else subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                        **more) as process:
            try:
                out, err = process.communicate(input.encode() if isinstance(input, str) else input, timeout * self.slowness)
            except subprocess.TimeoutExpired:
                kill_group(process)
                out, err = process.communicate()
                raise AssertionError(f"still running after {timeout * self.slowness} s: {Outcome(process.args, None, out.decode(errors='replace'), err.decode(errors='replace'))!r}")
        outcome = Outcome([pathlib.Path(process.args[0]).name, *process.args[1:]], process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))
        self.check(outcome)
        if expect is not None:
            assert outcome.code == expect, f"expected exit {expect}\n{outcome!r}"
        return outcome

    def check(self, outcome):
        assert outcome.code in EXIT_CODES, f"exit code {outcome.code}\n{outcome!r}"
        for secret in self.secrets:
            assert secret not in outcome.text, f"a secret was printed\n{outcome!r}"

    def sync(self, file, *args, expect=0, **more):
        return self.run("sync", file, *args, expect=expect, **more)

    def failed_sync(self, file, kind, *words, **more):
        """The sync fails with this failure type, and one message of one line says all the words (of either case), also on standard error."""
        outcome = self.run("sync", file, "--json", **more)
        assert outcome.code == 1, outcome
        report = outcome.json()
        errors = [e for e in (report.get("error"), *(s.get("error") for s in report.get("streams", []))) if e]
        assert errors, outcome
        assert all(e["message"].strip() and "\n" not in e["message"] for e in errors), errors
        assert any(e["type"].endswith(kind) and all(word.lower() in e["message"].lower() for word in words) for e in errors), \
            f"no {kind} that says {words}: {errors}"
        # Its beginning: what a program printed may be shown in escapes there.
        assert any(e["message"][:40] in outcome.err for e in errors), f"standard error says it too: {outcome!r}"
        return outcome


def kill_group(process, sig=signal.SIGKILL):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, sig)
