"""Children of the tests that are to be interrupted."""

import subprocess
import sys

# A script's background jobs ignore SIGINT and those of nohup SIGHUP, and what they
# start inherits that.
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
