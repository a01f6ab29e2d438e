"""What is printed: lines for people, an object for programs, or events for logs."""

import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import IO, Any

import click

from .end import End
from .events import Events, Level
from .exit_codes import ExitCode
from .interrupt import signals_as_ctrl_c
from .streams import forgive_unwritable_streams, lost_output
from .variables import asked_for, is_asked_for, variables

PACKAGE = "ccwarehouse"

LOST = "Some output is lost: {reason}. Free some space, then run the command again."
# A key that was given to the wrong option or variable; not "sk-ant-admin..." in advice
KEY = re.compile(r"sk-ant-[\w-]{10,}", re.IGNORECASE)
A_BUG = "A bug in ccwarehouse: {name}. Report the traceback on stderr."


@dataclass
class Output:
    """Prints what a command says; with `as_json`, stdout gets only the JSON object.

    With `events`, stderr gets these instead of lines, and stdout no lines. `watchers`
    are told how the command ends before anyone else, and may change it.
    """

    as_json: bool
    events: Events | None = None
    watchers: list[Callable[[End], End]] = field(default_factory=list)
    _account: str | None = None
    _report: str | None = None

    @classmethod
    def asked_for(cls, words: Sequence[str]) -> "Output":
        """The output that the words and the environment ask for."""
        as_events = asked_for("--log-format", words, os.environ) == "json"
        events = Events(lambda line: click.echo(line, err=True)) if as_events else None
        return cls(is_asked_for("--json", words, os.environ), events)

    def name(self, account: str | None, report: str, *, quiet: bool) -> None:
        """Give the report to all further events, and the account if there is one."""
        self._report = report
        if self.events:
            self.events.account, self.events.report = account, report
            self.events.at_least = Level.WARNING if quiet else Level.INFO

    @contextmanager
    def about(self, account: str) -> Iterator[None]:
        """Give this account to all events and remarks within, unless it is empty."""
        if not account:
            yield
            return
        self._is_about(account)
        try:
            yield
        finally:
            self._is_about(None)

    @contextmanager
    def about_report(self, report: str, *, is_unverified: bool) -> Iterator[None]:
        """Give this report to all events within."""
        self._is_of(report, is_unverified=is_unverified)
        try:
            yield
        finally:
            self._is_of(self._report)

    def about_all(self) -> None:
        """End `about` early, for a command that is interrupted within."""
        self._is_of(self._report)
        if self._account:
            self._is_about(None)

    def _is_of(self, report: str | None, *, is_unverified: bool = False) -> None:
        if self.events:
            self.events.report, self.events.is_unverified = report, is_unverified

    def _is_about(self, account: str | None) -> None:
        self._account = account
        if self.events:
            self.events.account = account

    def say(self, line: str) -> None:
        """Print a line for people on stdout, before the end."""
        if not (self.as_json or self.events):
            click.echo(line)

    def remark(self, line: str) -> None:
        """Print on stderr a line that needs attention."""
        if self.events:
            self.events.remark(line)
        else:
            of = f"{self._account}: " if self._account else ""
            click.echo(f"{of}{line}", err=True)

    def end(self, end: End) -> int:
        """Print the end; returns the exit code."""
        for watcher in self.watchers:
            end = watcher(end)
        if self.events:
            level = Level.ERROR if end.code else Level.INFO
            self.events.tell(level, "summary", **_as_dict(end))
        if self.as_json:
            click.echo(json.dumps(_as_dict(end)))
        else:
            for line in end.lines:
                self.say(line)
        if reason := lost_output():
            self.remark(LOST.format(reason=reason))
            return ExitCode.WAREHOUSE if end.is_answer else end.code
        return end.code


def _as_dict(end: End) -> dict[str, Any]:
    common = {
        "exit_code": end.code,
        "error": end.error,
        "version": version(PACKAGE),
    }
    return common | dict(end.facts)


class EndedError(click.ClickException):
    """Ends a command with a fault that a person can fix, in one line.

    `more` are lines below it, and `facts` keys for the JSON object.
    """

    def __init__(
        self,
        code: ExitCode,
        line: str,
        more: Sequence[str] = (),
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(line)
        self.exit_code = code  # type: ignore[misc]  # per instance, not per class
        self.more = more
        self.facts = facts or {}

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the lines on stderr."""
        for line in (f"{PACKAGE}: {self.message}", *self.more):
            click.echo(line, file=file, err=True)


class Commands(click.Group):
    """A group of commands that return an `End`. This group prints it."""

    def main(
        self,
        args: Sequence[str] | None = None,
        *more: Any,  # noqa: ANN401 - click's own
        **extra: Any,  # noqa: ANN401 - click's own
    ) -> Any:  # noqa: ANN401 - never returns
        """Run a command and end the process with its code.

        A wrong argument ends the program before a command could see `--json`. So this
        looks for it among the arguments. A bug is raised with its traceback.
        """
        forgive_unwritable_streams()
        words = sys.argv[1:] if args is None else args
        output = Output.asked_for(words)
        extra |= {"standalone_mode": False, "obj": output}
        try:
            end = super().main(args, *more, **extra)
        except click.ClickException as error:
            told = KEY.sub("[key]", error.message)
            error.message = told  # type: ignore[misc]  # click's subclasses fill it in
            if not output.events:  # there the summary says it
                error.show()
            facts = error.facts if isinstance(error, EndedError) else {}
            end = End(error.exit_code, error.format_message(), facts)
        except Exception as bug:
            output.end(End(ExitCode.BUG, A_BUG.format(name=type(bug).__name__)))
            raise
        if not isinstance(end, End):  # --help and --version return a code
            sys.exit(end)
        sys.exit(output.end(end))

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Add a command. Each of its options can be set by a variable."""
        for option in cmd.params:
            if isinstance(option, click.Option):
                option.envvar = variables(name or cmd.name or "", option.opts[-1])
                option.show_envvar = True
        super().add_command(cmd, name)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - what a command returns
        """Run a command; Ctrl-C and SIGTERM become an error with an exit code."""
        try:
            with signals_as_ctrl_c():
                return super().invoke(ctx)
        except KeyboardInterrupt:
            raise EndedError(ExitCode.INTERRUPTED, "Interrupted.") from None
