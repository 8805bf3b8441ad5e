"""A table of PostgreSQL that changes between syncs, one way for each sync mode, and what its copy must look like at every moment."""
import collections

KEY = {"primary_key": [["id"]]}
TIED_MOST = 100_000
CURSOR = {"cursor_field": ["updated_at"]}


class Story:
    """`rows` below are (id, gen, generation) of a copy, as table_places gives them. Ids of the source are 1, 2, 3 …"""
    keys = {}

    def __init__(self, db, rng, rows):
        self.db, self.rng, self.most = db, rng, max(rows // 3, 1)
        self.stream = {"name": "t", "namespace": "public", "sync_mode": self.mode, **self.keys}
        self.runs = 1
        db.execute("create table t (id bigint primary key, gen int not null, updated_at timestamptz not null, filler text)")
        self.count = self.tied = 0  # the ids of the source; how many of them at most share the last cursor value
        self.grow(rows)
        self.committed = 0  # what clean syncs have copied: ids; whole copies, where each adds one

    def grow(self, count):
        """None of the new rows is older than one that is there. Whole seconds: many rows share a cursor value, also across syncs; fewer than a state tells apart."""
        later = int(self.tied + count > TIED_MOST)
        self.tied = count if later else self.tied + count
        self.db.execute("insert into t select i, 0, (select coalesce(max(updated_at), '2025-01-01 00:00Z') from t) + ((i - %s) / 2000 + %s) * interval '1 second', md5(i::text) || md5((-i)::text) "
                        "from generate_series(%s + 1, %s) i", (self.count, later, self.count, self.count + count))
        self.count += count

    def change(self):
        """What happens at the source before a sync."""
        self.runs += 1

    def synced(self, rows):
        """After a clean sync: fails unless the copy is right."""
        self.committed = self.committed_now()
        flaw = self.flaw(rows, self.committed)
        assert not flaw, flaw
        self.check(rows)

    def committed_now(self):
        return self.count

    def flaw(self, rows, committed):
        """What is wrong with the copy that a reader finds at any moment, when so much was committed before; None when nothing is."""
        raise NotImplementedError

    def check(self, rows):
        """What holds beyond that after a clean sync."""
        raise NotImplementedError


class Replaced(Story):
    """Full refreshes: before each, every row gets the next `gen`; as a column with a default, which rewrites nothing."""
    gen = oldest = 0

    def change(self):
        super().change()
        self.gen += 1
        self.db.execute(f"alter table t drop column gen, add column gen int not null default {self.gen}")

    def flaw(self, rows, committed):
        if not committed:
            return None
        by_generation = collections.defaultdict(list)
        for id, _, generation in rows:
            by_generation[generation].append(id)
        if any(len(ids) == len(set(ids)) == self.count for ids in by_generation.values()):
            return None
        return f"no generation is whole: {({g: (len(ids), len(set(ids))) for g, ids in by_generation.items()})} rows and ids"

    def check(self, rows):
        assert len(rows) == self.count, f"{len(rows)} rows of {len({r[2] for r in rows})} generations, not {self.count}"
        gens = {r[1] for r in rows}  # a sync may go on where a killed one was
        assert self.oldest <= min(gens) and max(gens) == self.gen, (self.oldest, gens, self.gen)
        self.oldest = self.gen + 1


class Overwritten(Replaced):
    mode = "full_refresh_overwrite"


class OverwrittenDeduped(Replaced):
    mode, keys = "full_refresh_overwrite_deduped", KEY


class FullRefreshAppended(Story):
    """Each sync adds a whole copy, or nothing."""
    mode = "full_refresh_append"

    def committed_now(self):
        return self.committed + 1

    def flaw(self, rows, committed):
        copies = set(collections.Counter(r[0] for r in rows).values())
        ids = len({r[0] for r in rows})
        if not rows and not committed:
            return None
        if ids == self.count and len(copies) == 1 and committed <= min(copies) <= self.runs:
            return None
        return f"{len(rows)} rows of {ids} ids, {sorted(copies)} times, after {committed} clean syncs of {self.runs}"

    def check(self, rows):
        pass


class Incremental(Story):
    """The copy is what the source is."""

    def flaw(self, rows, committed):
        ids = {r[0] for r in rows}
        missing = committed - sum(1 for id in ids if id <= committed)
        twice = len(rows) - len(ids)
        return f"{missing} of {committed} committed ids are missing, {twice} are there twice" if missing or twice else None

    def check(self, rows):
        source = set(self.db.execute("select id, gen from t"))
        copy = {r[:2] for r in rows}
        assert copy == source, f"lost or stale: {sorted(source - copy)[:5]}; not at the source: {sorted(copy - source)[:5]}"


class Appended(Incremental):
    mode, keys = "incremental_append", CURSOR

    def change(self):
        super().change()
        self.grow(self.rng.randrange(1, self.most))


class Deduped(Incremental):
    """Some rows anywhere become newer than all others, and there are new ones."""
    mode, keys = "incremental_deduped_history", {**KEY, **CURSOR}

    def change(self):
        super().change()
        self.db.execute("update t set gen = gen + 1, updated_at = m.at + t.id %% 10 * interval '1 millisecond' from (select max(updated_at) + interval '1 second' as at from t) m where id %% 97 = %s",
                        (self.rng.randrange(97),))
        self.grow(self.rng.randrange(1, 400))


STORIES = {story.mode: story for story in (Overwritten, FullRefreshAppended, OverwrittenDeduped, Appended, Deduped)}
