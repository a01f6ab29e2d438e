"""One command at a time, each in a forked process.

Other packages take seconds to import, so they are imported once, before the fork. Each
run imports our own code. An order is a line of JSON, the arguments of `become`. The
replies are the process's number and, at its end, its exit code.
"""

import json
import os
import signal
import sys
import tempfile

from imported_once import import_needed


def become(code, words, folder, environment, output):
    """Set up the process like a shell would for these words; returns its code."""
    file = os.open(output, os.O_WRONLY | os.O_CREAT)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for new, old in enumerate((nothing, file, file)):
        os.dup2(old, new)
    os.closerange(3, max(nothing, file) + 1)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[1:], sys.path[0] = words, ""  # as of `python -c`
    tempfile.tempdir = None  # it is chosen anew
    return compile(code, "<string>", "exec")


def run(code):
    """Run code like `python -c`, so that tracebacks begin with its own frame."""
    try:
        exec(code, {"__name__": "__main__"})
    except Exception as error:  # noqa: BLE001
        sys.excepthook(type(error), error, error.__traceback__.tb_next)
        sys.exit(1)
    sys.exit()


def main():
    """The code to run, in a forked process; None when there are no more orders."""
    for line in sys.stdin:
        number = os.fork()
        if not number:
            return become(**json.loads(line))
        print(number, flush=True)  # noqa: T201
        _, status = os.waitpid(number, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201
    return None


if __name__ == "__main__":
    import_needed()
    if to_run := main():
        run(to_run)
