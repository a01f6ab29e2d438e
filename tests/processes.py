"""Child processes that tests interrupt or kill."""

import json
import subprocess
import sys
from pathlib import Path

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


class Forking:
    """A script that forks for each order; starting a new Python takes seconds.

    An order is a line of JSON on its stdin, and replies are lines on its stdout.
    """

    def __init__(self, script):
        self._process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.replies = self._process.stdout

    def order(self, **order):
        """Give an order; returns the first line of the reply."""
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self.replies.readline()

    def close(self):
        """End; nothing that was ordered runs any more."""
        self._process.stdin.close()
        self._process.wait()
        self.replies.close()
