"""Child processes that tests interrupt."""

import subprocess
import sys

# Background jobs of a script ignore SIGINT, and those of nohup SIGHUP. Their children
# inherit that.
RESTORE = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])
"""


def interruptible(words, **given):
    """Start a program that SIGINT and SIGHUP end, even where the tests ignore them."""
    restored = [sys.executable, "-I", "-S", "-c", RESTORE, *words]
    return subprocess.Popen(restored, **given)
