"""Only one load at a time writes to a server's dataset."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from ccwarehouse.warehouses import WarehouseInUseError, open_warehouse
from claude_code_analytics import CLAUDE_CODE
from postgres import LOADER

HOLD = """
import sys
from pathlib import Path
from ccwarehouse.warehouses import open_warehouse

with open_warehouse("postgres", Path("unused"), sys.argv[1], sole_writer=True):
    print("holding", flush=True)
    sys.stdin.read()
"""


pytestmark = pytest.mark.usefixtures("database")


def hold(dataset):
    """A process that writes to a dataset until it is told to end."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, dataset],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert "holding\n" == process.stdout.readline()
    return process


def is_free(dataset):
    try:
        with open_warehouse("postgres", Path("unused"), dataset, sole_writer=True):
            return True
    except WarehouseInUseError:
        return False


def test_a_second_writer_is_told_who_writes():
    """The message names the user, host and server process of the first writer."""
    first = hold("usage")
    try:
        with (
            pytest.raises(
                WarehouseInUseError, match=f"user {LOADER} from 127"
            ) as raised,
            open_warehouse("postgres", Path("unused"), "usage", sole_writer=True),
        ):
            pass
    finally:
        first.kill()
        first.wait()

    assert "process" in str(raised.value)


def test_other_datasets_and_readers_are_not_locked_out():
    """The lock is per dataset, and only writers take it."""
    first = hold("usage")
    try:
        with open_warehouse("postgres", Path("unused"), "usage") as reader:
            assert {} == reader.stored(CLAUDE_CODE, "default")
        assert is_free("elsewhere")
        assert not is_free("usage")
    finally:
        first.kill()
        first.wait()


def test_a_writer_that_crashed_holds_nothing():
    """When a writer's process is killed, the next writer gets the lock."""
    first = hold("usage")
    first.kill()
    first.wait()
    # the server releases the lock a moment later
    for _ in range(100):
        if is_free("usage"):
            break
        time.sleep(0.1)

    assert is_free("usage")
