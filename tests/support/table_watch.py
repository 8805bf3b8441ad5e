"""A second reader beside a test: it looks at a table every few milliseconds, until the test is over."""
import threading


class TableWatch:
    """Holds what a reader finds in the place against the table's story. Looks whose files were gone before they were read are
    counted (`stale`) and left out: such a reader lists again."""

    def __init__(self, place, story):
        self.place, self.story = place, story
        self.looks, self.stale, self.flaws, self.error = 0, 0, [], None
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()

    def _run(self):
        while not self.stop.wait(self.place.interval_s):
            try:
                self._look()
            except Exception as error:  # told to the test by check()
                self.error = error
                return

    def _look(self):
        committed = self.story.committed  # what is committed while it looks need not be found
        rows = self.place.rows()
        if rows is None:
            self.stale += 1
            return
        self.looks += 1
        if flaw := self.story.flaw(rows, committed):
            self.flaws.append(flaw)

    def check(self):
        if self.error:
            raise self.error
        assert self.flaws == [], f"{len(self.flaws)} of {self.looks} looks found a table that no reader may see: {self.flaws[:3]}"
