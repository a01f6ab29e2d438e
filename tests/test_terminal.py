"""Output through rich, in terminals and logs of every width."""

import os
import shlex
import sys
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from ccwarehouse.demo import say_how_to_go_on
from ccwarehouse.words.progress import watch
from claude_code_analytics import CLAUDE_CODE
from whole_days.calendar import Calendar
from whole_days.package import packed
from whole_days.report import DayFetch

WIDTHS = range(60, 121)


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The folder of an environment with both programs that is not on the PATH."""
    folder = tmp_path / "a folder [with brackets]" / "far down the tree" / "bin"
    folder.mkdir(parents=True)
    for name in ("ccwarehouse", "duckdb"):
        (folder / name).touch()
    monkeypatch.setattr(sys, "executable", str(folder / "python"))
    monkeypatch.setenv("PATH", "")
    return folder


def printed(width, work):
    """The lines that `work` prints on a console of this width."""
    console = Console(width=width, file=StringIO(), highlight=False)
    work(console)
    return console.file.getvalue().splitlines()


def test_the_commands_of_the_demo_can_be_copied_at_any_width(installed):
    """Each is one line at any width, and a shell parses it correctly."""
    loads, asks = (
        os.path.relpath(installed / name) for name in ("ccwarehouse", "duckdb")
    )
    database, page = Path("demo.duckdb"), Path("demo.html")

    for width in WIDTHS:
        lines = printed(
            width, lambda console: say_how_to_go_on(database, page, console)
        )
        words = [shlex.split(line.partition(":")[2]) for line in lines]
        assert [
            ["demo.html"],
            ["ANTHROPIC_ADMIN_KEY=...", loads, "load"],
            [asks, "demo.duckdb"],
        ] == words


def test_a_line_of_a_log_is_one_line_at_any_width():
    """Without a terminal, a line of progress is never wrapped."""
    now = datetime(2026, 3, 10, tzinfo=UTC)
    fetches = [DayFetch(date(2026, 3, 9), now)]
    calendar = Calendar(now, now - now)
    package = packed(CLAUDE_CODE, "default", fetches, {}, calendar)
    many = 10 ** max(WIDTHS)

    for width in WIDTHS:
        (line,) = printed(
            width, lambda console: watch(console, many, quiet=False).stored(package)
        )
        said = "days stored, 1 failed, 0 records, 0 records/s"
        assert f"0 of {many} {said}" == line
