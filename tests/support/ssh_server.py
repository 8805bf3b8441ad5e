"""A real sshd of the test run's own: the one of the unit tests (clients/ssh/testing), as a child process."""
import json
import pathlib
import subprocess


class SshServer:
    def __init__(self, build):
        self.program = pathlib.Path(build) / "tests" / "ssh_test_server"

    def __enter__(self):
        self.process = subprocess.Popen([str(self.program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = self.process.stdout.readline()
        assert line, f"{self.program} did not start an sshd"
        known = json.loads(line)
        self.port, self.user, self.password, self.folder = known["port"], known["user"], known["password"], pathlib.Path(known["folder"])
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(20)

    def log_tail(self):
        return (self.folder / "log").read_text(errors="replace")[-4000:]

    def logins(self):
        return (self.folder / "log").read_text(errors="replace").count("Accepted ")

    def key(self, name="ed25519"):
        """ed25519 and rsa may log in; stranger may not."""
        return (self.folder / name).read_text()

    def by_password(self, **changes):
        """A `tunnel_method` of Airbyte's configurations."""
        return {"tunnel_method": "SSH_PASSWORD_AUTH", "tunnel_host": "127.0.0.1", "tunnel_port": self.port, "tunnel_user": self.user,
                "tunnel_user_password": self.password, **changes}

    def by_key(self, key="ed25519", **changes):
        return {"tunnel_method": "SSH_KEY_AUTH", "tunnel_host": "127.0.0.1", "tunnel_port": self.port, "tunnel_user": self.user, "ssh_key": self.key(key), **changes}
