"""A certificate authority of the tests' own, a server certificate for localhost, a client certificate."""
import dataclasses
import pathlib
import subprocess


@dataclasses.dataclass
class Certificates:
    folder: pathlib.Path

    @property
    def ca(self):
        return self.folder / "ca.crt"

    def pem(self, name):
        return (self.folder / name).read_text()


def openssl(*args, cwd):
    subprocess.run(["openssl", *args], cwd=cwd, check=True, capture_output=True)


def make(folder):
    folder.mkdir(parents=True)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=millrace test CA", "-keyout", "ca.key", "-out", "ca.crt", cwd=folder)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=another CA", "-keyout", "other.key", "-out", "other.crt", cwd=folder)
    for name, subject, san in (("server", "/CN=localhost", "DNS:localhost,IP:127.0.0.1"), ("client", "/CN=reader", "DNS:reader")):
        (folder / f"{name}.ext").write_text(f"subjectAltName={san}\n")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", subject, "-keyout", f"{name}.key", "-out", f"{name}.csr", cwd=folder)
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30", "-extfile", f"{name}.ext",
                "-out", f"{name}.crt", cwd=folder)
    return Certificates(folder)
