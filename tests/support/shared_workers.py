"""`millrace worker` as a process, beside a server whose PostgreSQL, key and files it shares."""
import contextlib
import os
import signal

from support.attempt_processes import attempt_processes
from support.server_jobs import wait


class SharedWorker:
    """One worker over its own data `folder`, killed and started again as tests like. `server_folder`: where the server's key is."""

    def __init__(self, millrace, folder, server_folder, *args, env=None):
        self.folder, self.log = folder, folder.parent / f"{folder.name}.log"
        environment = {"MILLRACE_SECRET_KEY_FILE": str(server_folder / "secret.key"), **(env or {})}
        self.begin = lambda output: millrace.start("worker", "--data-dir", folder, *args, env=environment, stdout=output, stderr=output)
        self.process = None

    def start(self):
        """Returns once it works on jobs."""
        with open(self.log, "ab") as output:
            before = output.tell()
            self.process = self.begin(output)
        wait(lambda: self.process.poll() is not None or b"working on jobs" in self.log.read_bytes()[before:] or None, 60)
        assert self.process.poll() is None, self.log.read_text()

    def attempts(self):
        return attempt_processes(self.folder)

    def kill(self):
        """SIGKILL; its attempts live on."""
        self.process.kill()
        self.process.wait(40)

    def kill_attempts(self):
        for process in self.attempts():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def stop(self):
        """SIGTERM, and SIGKILL for what it leaves behind."""
        for one in (signal.SIGCONT, signal.SIGTERM):
            self.process.send_signal(one)
        self.process.wait(40)
        self.kill_attempts()


@contextlib.contextmanager
def running_worker(*args, **more):
    worker = SharedWorker(*args, **more)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()
