"""Input files that people maintain: teams and their members, and budgets.

A file is read whole or not at all. Each load of a changed file makes a new version. The
newest version from a committed load is in force.
"""

from .budgets import read_budgets
from .faults import Fault, InputFileError, InputFilesError
from .input_file import InputFile
from .private import private_file
from .settings import FileSettings, read_files, resolve_file_settings
from .store import check_inputs, input_resources, make_input_tables, store_inputs
from .tables import INPUT_TABLES
from .teams import NO_TEAM, read_teams

__all__ = [
    "INPUT_TABLES",
    "NO_TEAM",
    "Fault",
    "FileSettings",
    "InputFile",
    "InputFileError",
    "InputFilesError",
    "check_inputs",
    "input_resources",
    "make_input_tables",
    "private_file",
    "read_budgets",
    "read_files",
    "read_teams",
    "resolve_file_settings",
    "store_inputs",
]
