"""The settings for input files, from dlt's configuration."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final, Optional

from dlt.common.configuration import configspec, resolve_configuration
from dlt.common.configuration.exceptions import ConfigurationException
from dlt.common.configuration.specs import BaseConfiguration

from .budgets import read_budgets
from .faults import InputFileError, InputFilesError
from .input_file import InputFile
from .private import without_names
from .tags import PREFIX, TeamsTag
from .teams import read_teams
from .weekend import weekend_of

LARGEST_GROUP: Final = 1_000_000


NO_TAG: Final = (
    f"teams is {PREFIX} without the key of a tag. Name the tag whose values are teams, "
    f"as in {PREFIX}team."
)


class GroupSizeError(ConfigurationException):
    """`min_group_size` is not a possible number of people."""


class TeamsTagError(ConfigurationException):
    """`teams` asks for tags, but does not name the tag."""


@dataclass(frozen=True)
class Inputs:
    """What a load stores beside days: files, or a tag in place of `teams.csv`.

    The weekend is among the files: it is stored like one.
    """

    files: Sequence[InputFile] = ()
    tag: TeamsTag | None = None


@configspec
class FileSettings(BaseConfiguration):
    """`[ccwarehouse]` in `.dlt/config.toml`; paths start at the working folder."""

    # with its own section, dlt never falls back to bare names like TEAMS
    __section__: ClassVar[str] = "ccwarehouse"

    teams: Optional[str] = None  # noqa: UP045 (dlt reads Optional)
    """The teams file, or `workspace_tag:` and the key of a tag."""
    budgets: Optional[str] = None  # noqa: UP045 (as above)
    """The budgets file."""
    min_group_size: Optional[int] = None  # noqa: UP045 (as above)
    """Active people a team needs to be shown by itself; None leaves the stored one."""
    weekend: Optional[Any] = None  # noqa: UP045 (as above)
    """The days off of a week, as in `fri,sat`; None leaves the stored ones."""

    def on_resolved(self) -> None:
        """Refuse an impossible group size, and a tag without a key."""
        size = self.min_group_size
        if size is not None and not 1 <= size <= LARGEST_GROUP:
            raise GroupSizeError(f"min_group_size must be from 1 to {LARGEST_GROUP:,}.")
        if self.tag and not self.tag.key:
            raise TeamsTagError(NO_TAG)

    @property
    def tag(self) -> TeamsTag | None:
        """The tag whose values are teams; None for a file."""
        if self.teams is None or not self.teams.startswith(PREFIX):
            return None
        return TeamsTag(self.teams.removeprefix(PREFIX).strip(), self.min_group_size)


def resolve_file_settings(**given: Any) -> FileSettings:  # noqa: ANN401 (the spec types them)
    """The settings from arguments, the environment and dlt's files, in this order.

    None counts as not given. Raises dlt's `ConfigurationException`.
    """
    explicit = {
        name: str(value) if isinstance(value, Path) else value
        for name, value in given.items()
        if value is not None
    }
    return resolve_configuration(FileSettings(), explicit_value=explicit)


def read_files(settings: FileSettings, *, hides_names: bool = False) -> Inputs:
    """The configured files, teams first, and the weekend.

    An empty name of a file counts as not set. With `hides_names` faults quote no
    values. Raises `InputFilesError` if any file has faults, and `WeekendError`.
    """
    files: list[InputFile] = []
    errors: list[InputFileError] = []
    if settings.teams and not settings.tag:
        with _collected(errors):
            files.append(read_teams(Path(settings.teams), settings.min_group_size))
    if settings.budgets:
        with _collected(errors):
            files.append(read_budgets(Path(settings.budgets)))
    if errors:
        shown = map(without_names, errors) if hides_names else errors
        raise InputFilesError([*shown])
    if settings.weekend is not None:
        files.append(weekend_of(settings.weekend))
    return Inputs(files, settings.tag)


@contextmanager
def _collected(errors: list[InputFileError]) -> Iterator[None]:
    """Note the error of a file, so that the next one is still read."""
    try:
        yield
    except InputFileError as error:
        errors.append(error)
