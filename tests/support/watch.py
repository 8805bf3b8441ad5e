"""A second reader beside a test: it looks every few milliseconds until the test is over."""
import threading


class Watch:
    """Calls look() every `interval_s` on a thread of its own, between entering and leaving the context."""

    def __init__(self, interval_s):
        self.interval_s = interval_s
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()

    def _run(self):
        while not self.stop.wait(self.interval_s):
            self.look()

    def look(self):
        raise NotImplementedError
