"""Tables of input files, and of rows stored like them. Versions are only appended.

A load does not delete older versions. If it was killed between the deletion and the
commit, no version would be in force.
"""

import pyarrow as pa

from whole_days.ledger_tables import ACCOUNT
from whole_days.table import Column, Table

# The same type as costs have in the views.
AMOUNT = pa.decimal128(38, 12)

_VERSION = Column(
    "version",
    pa.int64(),
    "Number of the version, as in input_files.",
)
_LINE = Column(
    "line",
    pa.int64(),
    "Line of the file, from 1, the header's being 1; its place in teams of tags.",
)

TEAM_MEMBERS = Table(
    "team_members",
    "One row per version of the teams and line in it: an actor's days in a team. "
    "A version counts when it is the newest whose load is in _dlt_loads.",
    [
        Column(
            "actor",
            pa.string(),
            "Email, or in a file an API key's name, with A to Z in lower case; or its "
            "pseudonym.",
        ),
        Column("team", pa.string(), "Name of the team, as the file or the tag has it."),
        Column(
            "valid_from", pa.date32(), "First UTC day in the team; null from the first."
        ),
        Column("valid_to", pa.date32(), "Last UTC day in the team; null for no end."),
        _LINE,
        _VERSION,
    ],
)

BUDGETS = Table(
    "budgets",
    "One row per version of the budgets file and line in it: what may be spent in a "
    "month. A version counts when it is the newest whose load is in _dlt_loads.",
    [
        Column("scope", pa.string(), "organisation, account, team or user."),
        Column(
            "name",
            pa.string(),
            "Account, team, or user with A to Z in lower case; empty for the "
            "organisation.",
        ),
        Column("month", pa.date32(), "First UTC day of the month."),
        Column("amount", AMOUNT, "Budget in units of the currency, exact."),
        Column("currency", pa.string(), "Currency of the amount, as in USD."),
        Column("basis", pa.string(), "Whose cost counts: all, api or subscription."),
        _LINE,
        _VERSION,
    ],
)

ACTOR_OWNERS = Table(
    "actor_owners",
    "One row per version of the owners, account, organisation, name of API keys and "
    "first day: whose keys they are, as key_owners had it when a load stored it. A "
    "version counts when it is the newest whose load is in _dlt_loads.",
    [
        ACCOUNT,
        Column("organization_id", pa.string(), "UUID of the organisation."),
        Column(
            "actor",
            pa.string(),
            "Name of keys that the usage has, as it has it, or its pseudonym.",
        ),
        Column(
            "owner",
            pa.string(),
            "Email of the one person, as actors have it, or its pseudonym; else null.",
        ),
        Column(
            "resolution",
            pa.string(),
            "unique, same_owner, ambiguous, unknown or service_account.",
        ),
        Column(
            "team",
            pa.string(),
            "Team by the tags of the workspaces of all these keys; empty if they name "
            "none or several, null if teams are not of tags.",
        ),
        Column("valid_from", pa.date32(), "First UTC day of which this is so."),
        Column(
            "valid_to",
            pa.date32(),
            "Last UTC day of which this is so; 9999-12-31 for no end.",
        ),
        _VERSION,
    ],
)

WEEKEND_DAYS = Table(
    "weekend_days",
    "One row per version of the weekend and weekday in it, which is off. A version "
    "counts when it is the newest whose load is in _dlt_loads; before there is one, "
    "Saturday and Sunday are off.",
    [
        Column(
            "weekday",
            pa.int64(),
            "Weekday off in ISO's numbers: 1 for a Monday, 7 for a Sunday.",
        ),
        _VERSION,
    ],
)

INPUT_FILES = Table(
    "input_files",
    "One row per version of the teams, budgets, owners or weekend that was loaded. A "
    "version counts when it is the newest whose load is in _dlt_loads.",
    [
        Column("name", pa.string(), "teams, budgets, owners or weekend."),
        Column(
            "version",
            pa.int64(),
            "Number of the version, one more than the greatest before of this file.",
        ),
        Column(
            "content_hash", pa.string(), "SHA-256 of the file's bytes, or of the rows."
        ),
        Column(
            "row_count", pa.int64(), "Rows of the version in the file's table (count)."
        ),
        Column(
            "min_group_size",
            pa.int64(),
            "Active people a team needs to be shown by itself (count); null but for "
            "teams.",
        ),
        Column("loaded_at", pa.timestamp("us", "UTC"), "When it was loaded (UTC)."),
    ],
)

INPUT_TABLES = {
    table.name: table
    for table in (TEAM_MEMBERS, BUDGETS, ACTOR_OWNERS, WEEKEND_DAYS, INPUT_FILES)
}
