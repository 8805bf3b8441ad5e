"""Looks at a table every few milliseconds, as a reader would, and remembers every state it saw."""
import collections
import os
import threading

import pyarrow.parquet

from support import output_files


class OverwriteWatch:
    """Lists the visible files of a local table and keeps each by a hard link, so that it can be read later.

    violations(expected_rows) are the sightings in which no generation was complete: what a reader must never see. (During
    the swap files of two generations may be there; one of the two is complete.)
    """

    def __init__(self, folder, keep, interval_s=0.03):
        self.folder, self.keep, self.interval_s = folder, keep, interval_s
        self.sightings, self.stale = [], 0
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self.keep.mkdir(exist_ok=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()

    def _run(self):
        while not self.stop.wait(self.interval_s):
            self.look()

    def look(self):
        names = []
        for path in output_files.visible(self.folder):
            name = path.relative_to(self.folder).as_posix().replace("/", "__")
            if not (self.keep / name).exists():
                try:
                    os.link(path, self.keep / name)
                except FileNotFoundError:  # went between listing and looking: the listing is no single moment
                    self.stale += 1
                    return
            names.append(name)
        self.sightings.append(frozenset(names))

    def generations(self, names):
        """{generation: rows} of a set of files, by their `gen` column."""
        total = collections.Counter()
        for name in names:
            total.update(self._rows(name))
        return total

    def _rows(self, name):
        cache = self.__dict__.setdefault("_cache", {})
        if name not in cache:
            cache[name] = collections.Counter(pyarrow.parquet.read_table(self.keep / name, columns=["gen"]).column("gen").to_pylist())
        return cache[name]

    def violations(self, expected_rows):
        return [self.generations(s) for s in set(self.sightings) if expected_rows not in self.generations(s).values()]
