"""Watching a load: a bar on a terminal, plain lines elsewhere, or nothing."""

import time
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import Progress as Bars

from claude_code_analytics import DayFetch, Package


class Silence:
    """Watches and says nothing; counts the days that are in."""

    stored_days = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def fetched(self, fetch: DayFetch) -> None:
        """Say nothing."""

    def stored(self, package: Package) -> None:
        """Count the days that are in now."""
        self.stored_days += len(package.days)


class Lines(Silence):
    """A line per package, for logs."""

    def __init__(self, console: Console, days: int) -> None:
        self._console = console
        self._days = days
        self._records = 0
        self._began = time.monotonic()

    def fetched(self, fetch: DayFetch) -> None:
        """Count the day."""
        self._records += fetch.records

    def stored(self, package: Package) -> None:
        """Say how far the load is."""
        super().stored(package)
        rate = self._records / max(time.monotonic() - self._began, 0.001)
        self._console.print(
            f"{self.stored_days} of {self._days} days stored, "
            f"{self._records:,} records, {rate:,.0f} records/s",
            highlight=False,
        )


class Bar(Silence):
    """A bar that moves with every day."""

    def __init__(self, console: Console, days: int) -> None:
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("days  {task.fields[records]:,} records"),
            TextColumn("{task.fields[rate]:,.0f} records/s"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._task = self._bars.add_task("Loading", total=days, records=0, rate=0.0)
        self._records = 0
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def fetched(self, fetch: DayFetch) -> None:
        """Move on by a day."""
        self._records += fetch.records
        rate = self._records / max(time.monotonic() - self._began, 0.001)
        self._bars.update(self._task, advance=1, records=self._records, rate=rate)


def watch(console: Console, days: int, *, quiet: bool) -> Silence:
    """The way to watch that suits where the output goes."""
    if quiet or not days:
        return Silence()
    return Bar(console, days) if console.is_terminal else Lines(console, days)
