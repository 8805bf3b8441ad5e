"""The program in a folder of a test's own, where it may have another attempt program beside it."""
import os
import shutil
import stat


def install(millrace, home):
    """`millrace` runs from below `home` from now on; what starts its attempts: a link to the real program."""
    for folder in ("bin", "libexec"):
        (home / folder).mkdir(parents=True)
    real = millrace.program.parent.parent / "libexec" / "millrace-attempt"
    same_disk = os.stat(millrace.program).st_dev == os.stat(home).st_dev
    os.link(millrace.program, home / "bin" / "millrace") if same_disk else shutil.copy(millrace.program, home / "bin")
    millrace.program = home / "bin" / "millrace"
    attempt = home / "libexec" / "millrace-attempt"
    attempt.symlink_to(real)
    return attempt


def replace_attempt(attempt, script):
    """A shell script takes the place of the attempt program."""
    attempt.unlink()
    attempt.write_text(script)
    attempt.chmod(attempt.stat().st_mode | stat.S_IXUSR)
