"""Syncs that are killed, and the clean ones after them."""
import time

from support import millrace_program


def killed_sync(millrace, file, rng, seconds, only_parent=False):
    """Starts a sync and kills it after a random while of up to `seconds`. True when it was still running."""
    with open(millrace.folder / "killed.out", "ab") as out, open(millrace.folder / "killed.err", "ab") as err:
        process = millrace.start("sync", file, stdout=out, stderr=err)
    time.sleep(rng.uniform(0, seconds))
    running = process.poll() is None
    if only_parent:
        process.kill()
    else:
        millrace_program.kill_group(process)
    process.wait()
    return running


def timed_sync(millrace, file):
    """A clean run, and how long it took. After a kill of the parent alone, the attempt may take up to 10 s to notice: until then the folder is locked."""
    deadline = time.monotonic() + 30 * millrace.slowness
    while True:
        started = time.monotonic()
        outcome = millrace.run("sync", file)
        if outcome.code == 0:
            return time.monotonic() - started
        assert "lock" in outcome.err.lower() and started < deadline, outcome
        time.sleep(0.5)
