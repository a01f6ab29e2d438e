"""What a load stores beside the API's days: teams, budgets, owners of keys, weekend.

A file is read whole or not at all. Each load of a changed file makes a new version. The
newest version from a committed load is in force. Owners of API keys, and teams of
workspaces' tags, are derived from the stored directory and kept the same way. So is the
weekend, which is a setting.
"""

from .budgets import read_budgets, teams_with_budgets
from .faults import Fault, InputFileError, InputFilesError
from .input_file import InputFile
from .owners import Owner, owners_file, with_teams
from .private import private_file
from .settings import FileSettings, Inputs, read_files, resolve_file_settings
from .store import (
    INPUTS,
    check_inputs,
    input_resources,
    make_input_tables,
    store_inputs,
    stored_group_size,
)
from .tables import INPUT_TABLES
from .tags import (
    Belonging,
    KeyName,
    KeyTeam,
    TagTeams,
    TeamsTag,
    team_of,
    teams_of_tag,
)
from .teams import NO_TEAM, SMALL_TEAMS, Roster, read_teams
from .weekend import weekend_of

__all__ = [
    "INPUTS",
    "INPUT_TABLES",
    "NO_TEAM",
    "SMALL_TEAMS",
    "Belonging",
    "Fault",
    "FileSettings",
    "InputFile",
    "InputFileError",
    "InputFilesError",
    "Inputs",
    "KeyName",
    "KeyTeam",
    "Owner",
    "Roster",
    "TagTeams",
    "TeamsTag",
    "check_inputs",
    "input_resources",
    "make_input_tables",
    "owners_file",
    "private_file",
    "read_budgets",
    "read_files",
    "read_teams",
    "resolve_file_settings",
    "store_inputs",
    "stored_group_size",
    "team_of",
    "teams_of_tag",
    "teams_with_budgets",
    "weekend_of",
    "with_teams",
]
