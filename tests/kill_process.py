"""One load at a time, each in a forked process that is made to be killed.

An order is a line of JSON on stdin, with the load's folder. The load prints its number
and then every step; "ended" and its exit code come last.
"""

import json
import os
import sys
import tempfile

from imported_once import import_needed


def become(folder):
    """Set up the process like one that is started in a folder of its own."""
    stderr = os.open(f"{folder}/stderr.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(stderr, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(folder)
    os.environ.update(TMPDIR=folder, HOME=folder)
    tempfile.tempdir = None  # it is chosen anew


def main():
    """The order, in a forked process; None when there are no more orders."""
    for line in sys.stdin:
        number = os.fork()
        if not number:
            return json.loads(line)
        _, status = os.waitpid(number, 0)
        os.write(1, f"ended {os.waitstatus_to_exitcode(status)}\n".encode())
    return None


if __name__ == "__main__":
    import_needed()
    if order := main():
        become(order.pop("folder"))
        import load_process  # our own code is imported after the fork

        load_process.main(order)
