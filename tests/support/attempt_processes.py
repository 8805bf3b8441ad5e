"""The processes that run a server's attempts."""
import os

from support.server_jobs import wait


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
