"""What is printed: lines for people, or one JSON object for programs."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import IO, Any

import click

from .end import End
from .exit_codes import ExitCode
from .interrupt import signals_as_ctrl_c
from .streams import forgive_unwritable_streams, lost_output

PACKAGE = "ccwarehouse"

LOST = "Some output is lost: {reason}. Free some space, then run the command again."
A_BUG = "A bug in ccwarehouse: {name}. Report the traceback on stderr."


@dataclass(frozen=True)
class Output:
    """Prints what a command says; with `as_json`, stdout gets only the JSON object."""

    as_json: bool

    def say(self, line: str) -> None:
        """Print a line for people on stdout, before the end."""
        if not self.as_json:
            click.echo(line)

    def remark(self, line: str) -> None:
        """Print on stderr a line that needs attention."""
        click.echo(line, err=True)

    def end(self, end: End) -> None:
        """Print the end."""
        if self.as_json:
            common = {
                "exit_code": end.code,
                "error": end.error,
                "version": version(PACKAGE),
            }
            click.echo(json.dumps(common | dict(end.facts)))
        else:
            for line in end.lines:
                click.echo(line)
        if reason := lost_output():
            self.remark(LOST.format(reason=reason))


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
        looks for `--json` among the arguments. A bug is raised with its traceback.
        """
        forgive_unwritable_streams()
        words = sys.argv[1:] if args is None else args
        output = Output(as_json="--json" in words)
        extra |= {"standalone_mode": False, "obj": output}
        try:
            end = super().main(args, *more, **extra)
        except click.ClickException as error:
            error.show()
            facts = error.facts if isinstance(error, EndedError) else {}
            end = End(error.exit_code, error.format_message(), facts)
        except Exception as bug:
            output.end(End(ExitCode.BUG, A_BUG.format(name=type(bug).__name__)))
            raise
        if not isinstance(end, End):  # --help and --version return a code
            sys.exit(end)
        output.end(end)
        sys.exit(end.code)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - what a command returns
        """Run a command; Ctrl-C and SIGTERM become an error with an exit code."""
        try:
            with signals_as_ctrl_c():
                return super().invoke(ctx)
        except KeyboardInterrupt:
            raise EndedError(ExitCode.INTERRUPTED, "Interrupted.") from None
