"""Looks at a table every few milliseconds, as a reader would, and remembers every state it saw."""
import collections
import os

import pyarrow.parquet

from support import output_files
from support.watch import Watch


class OverwriteWatch(Watch):
    """Lists the visible files of a local table and keeps each by a hard link, so that it can be read later.

    violations(expected_rows) are the sightings in which no generation was complete: what a reader must never see. (During
    the swap files of two generations may be there; one of the two is complete.)
    """

    def __init__(self, folder, keep, interval_s=0.03):
        super().__init__(interval_s)
        self.folder, self.keep = folder, keep
        self.sightings, self.stale = [], 0

    def __enter__(self):
        self.keep.mkdir(exist_ok=True)
        return super().__enter__()

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
