"""A real file system of a few megabytes, which can be filled and freed."""
import contextlib
import pathlib
import subprocess

import pytest


class SmallDisk:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.ballast = self.folder / "ballast"

    def fill(self, leave=0):
        """Takes all space that is left but for `leave` bytes."""
        with open(self.ballast, "ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"\0" * 4096)
        with open(self.ballast, "ab") as file:
            file.truncate(max(0, file.tell() - leave))

    def free(self):
        self.ballast.unlink()


@contextlib.contextmanager
def mounted(folder, megabytes):
    """Skips, saying why, where nothing may be mounted."""
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], capture_output=True)
    if made.returncode:
        pytest.skip("NOT TESTED: a disk that is full needs the right to mount one: " + made.stderr.decode().strip())
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
