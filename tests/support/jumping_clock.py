"""A clock that a test sets while programs run by it: libfaketime. Their monotonic clock goes on as ever, as it does when a real clock is set."""
from support.installed_program import install, replace_attempt

FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
PASSED_ON = """#!/bin/sh
# An attempt goes by the clock of whoever started it; its environment is not that one's.
export {variables}
exec "{program}" "$@"
"""


class JumpingClock:
    def __init__(self, file):
        self.file = file
        self.set(0)
        self.env = {"LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": str(file), "FAKETIME_CACHE_DURATION": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}

    def set(self, seconds):
        """So much ahead of the machine's clock (behind it when negative), within a second."""
        part = self.file.with_suffix(".part")
        part.write_text(f"{seconds:+d}")
        part.rename(self.file)

    def give_to_attempts(self, millrace, home):
        """The attempts of whoever is started from now on go by this clock, too."""
        attempt = install(millrace, home)
        replace_attempt(attempt, PASSED_ON.format(variables=" ".join(f"{k}={v}" for k, v in self.env.items()), program=attempt.resolve()))
