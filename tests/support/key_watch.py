"""Looks at a deduplicated table every few milliseconds, as a reader would: it lists, then reads what it found."""
import os

import pyarrow.parquet

from support import output_files
from support.watch import Watch


class KeyWatch(Watch):
    """Keeps every version of every file that a listing shows, by hard links, and reads them afterwards.

    A file that is gone between listing and linking was empty of keys, or its listing is no view that a reader could have read:
    such looks are counted (`stale`) and left out. violations() are the looks that found a key twice, or missed one that was
    committed before.
    """

    def __init__(self, folder, keep, key="id", interval_s=0.05):
        super().__init__(interval_s)
        self.folder, self.keep, self.key = folder, keep, key
        self.committed = 0  # keys 1..committed have been synced
        self.looks, self.stale = {}, 0

    def __enter__(self):
        self.keep.mkdir(exist_ok=True)
        return super().__enter__()

    def look(self):
        committed = self.committed
        view = self._keep_what_is_listed()
        if view is not None:
            self.looks[view] = max(committed, self.looks.get(view, 0))

    def _keep_what_is_listed(self):
        kept = []
        for path in output_files.visible(self.folder):
            try:
                name = f"{path.relative_to(self.folder).as_posix().replace('/', '__')}.{path.stat().st_ino}.{path.stat().st_mtime_ns}"
                if not (self.keep / name).exists():
                    os.link(path, self.keep / name)
            except FileNotFoundError:
                self.stale += 1
                return None
            except FileExistsError:
                pass
            kept.append(name)
        return frozenset(kept)

    def keys(self, name):
        cache = self.__dict__.setdefault("_cache", {})
        if name not in cache:
            cache[name] = pyarrow.parquet.read_table(self.keep / name, columns=[self.key], partitioning=None).column(self.key).to_pylist()
        return cache[name]

    def violations(self):
        found = []
        for view, committed in self.looks.items():
            keys = [k for name in view for k in self.keys(name)]
            twice, missing = len(keys) - len(set(keys)), committed - len(set(keys) & set(range(1, committed + 1)))
            if twice or missing:
                found.append((sorted(view), f"{twice} twice, {missing} of {committed} missing"))
        return found
