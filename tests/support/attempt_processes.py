"""The processes that run a server's attempts."""
import contextlib
import os
import signal

from support.server_jobs import made_up_users, sync, wait


def attempt_processes(folder):
    """Process ids of the attempts of the server or worker over that folder."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as file:
                    line = file.read()
                with open(f"/proc/{entry}/environ", "rb") as file:
                    environment = file.read()
            except OSError:
                continue
            if b"millrace-attempt" in line and str(folder).encode() in environment:
                found.append(int(entry))
    return found


def in_the_middle(server, job, folder):
    """The processes of the job's attempt, once it has read something."""
    wait(lambda: server.call("jobs/get_light", id=job)["job"]["aggregatedStats"]["recordsEmitted"] > 0 or None)
    return attempt_processes(folder)


@contextlib.contextmanager
def busy(server, folder):
    """The server over that folder has no place for another job (it was given one): its own attempt stands still."""
    job = sync(server, made_up_users(server, 30_000_000))
    (process,) = wait(lambda: attempt_processes(folder))
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGCONT)
        server.call("jobs/cancel", id=job)
