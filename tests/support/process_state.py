"""What the system says of processes that are not our own children."""
import pathlib


def is_running(pid):
    """Whether it runs: one that has ended and was not waited for is still listed (a container's first process may never do that)."""
    try:
        stat = pathlib.Path("/proc", str(pid), "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rsplit(")", 1)[1].split()[0] not in ("Z", "X")
