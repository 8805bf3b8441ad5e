"""A build with sanitizers (`make asan`, `make tsan`): how its programs run, and what they report."""
import atexit
import os
import pathlib
import shutil
import tempfile

# A sanitized program takes so many times longer.
SLOWNESS = 8


class Sanitizers:
    """Of the build in this folder; without sanitizers nothing happens. Reports go to files: most of the processes are children whose output and exit code
    somebody else reads, or nobody."""

    def __init__(self, build):
        lines = build / "sanitizer.env"
        self.environment = dict(line.split("=", 1) for line in lines.read_text().splitlines()) if lines.exists() else {}
        self.active = bool(self.environment)

    def begin(self):
        """From here on every program that is started writes its reports to a folder of this test run."""
        if not self.active:
            return
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-reports-"))
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        for name, value in self.environment.items():
            os.environ[name] = f"{value}:log_path={self.folder}/report" if name.endswith("SAN_OPTIONS") else value

    def take_reports(self):
        """The text of the reports since the last call."""
        if not self.active:
            return ""
        reports = sorted(self.folder.iterdir())
        text = "\n".join(report.read_text(errors="replace") for report in reports)
        for report in reports:
            report.unlink()
        return text
