"""Output that cannot be written does not change how a load ends."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi, error
from ccwarehouse import output
from ccwarehouse.end import End
from ccwarehouse.interrupt import signals_as_ctrl_c
from loads import query
from processes import interruptible

PROGRAM = Path(sys.executable).with_name("ccwarehouse")
DAYS = 3
SECONDS = 60


@pytest.fixture
def api():
    with FakeApi() as api:
        yield api


@pytest.fixture
def start(api, tmp_path):
    """Start a command in its own process, in an empty folder."""
    environment = {
        "SOURCES__CLAUDE_CODE_ANALYTICS__BASE_URL": api.url,
        "SOURCES__CLAUDE_CODE_ANALYTICS__INITIAL_DAYS": str(DAYS),
        "ANTHROPIC_ADMIN_KEY": DEMO_API_KEY,
    }
    return lambda *words, **streams: interruptible(
        [PROGRAM, *words], cwd=tmp_path, env=os.environ | environment, **streams
    )


@pytest.fixture
def full():
    """A device that accepts no byte."""
    with open("/dev/full", "wb", buffering=0) as device:
        yield device


def stored_days(folder):
    days = "select count(*) from claude_code.day_fetches where status = 'complete'"
    return query(folder / "ccwarehouse.duckdb", days)[0][0]


@pytest.mark.process
def test_a_load_whose_words_nobody_can_write_loads(api, start, full, tmp_path):
    """Progress, remarks and summary are lost; data and exit code are unchanged."""
    refused = []

    def fault(request):
        refused.append(request.query["starting_at"])
        return error(404, "gone") if refused[-1] == refused[0] else None

    api.fault = fault
    load = start("load", stdout=full, stderr=full)

    assert (4, DAYS - 1) == (load.wait(SECONDS), stored_days(tmp_path))


@pytest.mark.process
def test_a_load_whose_reader_has_gone_loads(start, tmp_path):
    """`| head -1` ends before the load does."""
    reader, writer = os.pipe()
    os.close(reader)
    load = start("load", "--json", stdout=writer, stderr=writer)
    os.close(writer)

    assert (0, DAYS) == (load.wait(SECONDS), stored_days(tmp_path))


@pytest.mark.process
def test_a_summary_that_is_lost_is_missed(start, full):
    """The exit code is the load's; stderr says that output is lost."""
    load = start("load", "--json", "--quiet", stdout=full, stderr=subprocess.PIPE)
    _, told = load.communicate(timeout=SECONDS)

    assert 0 == load.returncode
    assert os.strerror(errno.ENOSPC) in told.decode()


@pytest.mark.parametrize(("is_answer", "code"), [(True, 5), (False, 6)])
def test_an_answer_that_is_lost_is_a_fault(monkeypatch, is_answer, code):
    """It was all that the command was run for; what else was done stays done."""
    monkeypatch.setattr(output, "lost_output", lambda: "No space left on device")

    end = End(6, "1 budget is over.", {}, [], is_answer=is_answer)

    assert code == output.Output(as_json=False).end(end)


@pytest.mark.process
def test_a_load_whose_terminal_is_closed_ends_as_on_ctrl_c(api, start):
    """The kernel and the shell both send SIGHUP; one object is printed."""
    began = []

    def hang(request):
        began.append(request)
        is_first = len(began) == 1  # the preflight call
        return None if is_first else replace(api.answer(request), stall=SECONDS)

    api.fault = hang
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    load = start("load", "--json", **pipes)
    assert _soon(lambda: len(began) > 1)
    load.send_signal(signal.SIGHUP)
    load.send_signal(signal.SIGHUP)
    out, told = load.communicate(timeout=SECONDS)
    end = json.loads(out)

    assert (130, 130) == (load.returncode, end["exit_code"])
    assert f"Interrupted. 0 of {DAYS} days are committed to" in end["error"]
    assert [end["error"]] == told.decode().splitlines()


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_interrupts_unless_it_was_ignored_before(number):
    """Under nohup SIGHUP stays ignored; otherwise it acts like Ctrl-C."""
    before = signal.signal(number, signal.SIG_IGN)
    try:
        with signals_as_ctrl_c():
            signal.raise_signal(number)
        signal.signal(number, signal.SIG_DFL)
        with pytest.raises(KeyboardInterrupt), signals_as_ctrl_c():
            signal.raise_signal(number)
        after = signal.getsignal(number)
    finally:
        signal.signal(number, before)

    assert signal.SIG_DFL == after


def test_a_second_signal_does_not_interrupt_the_interruption():
    """The kernel and the shell both send SIGHUP when a terminal closes."""
    numbers = (signal.SIGHUP, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.SIG_DFL) for number in numbers}
    interruptions = 0
    try:
        with signals_as_ctrl_c():
            for number in numbers:
                try:
                    signal.raise_signal(number)
                except KeyboardInterrupt:
                    interruptions += 1
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

    assert 1 == interruptions


def _soon(condition):
    """Whether it becomes true within the time of a start."""
    for _ in range(SECONDS * 20):
        if condition():
            return True
        time.sleep(0.05)
    return False
