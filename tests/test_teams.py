"""`teams.csv`: each fault has its place, and a version is stored whole or not."""

import os
from datetime import date
from unittest.mock import patch

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccwarehouse.inputs import (
    InputFileError,
    InputFilesError,
    read_files,
    read_teams,
    resolve_file_settings,
)
from ccwarehouse.warehouses import open_warehouse
from ccwarehouse.warehouses.dlt_stored_schema import OneStoredSchema
from inputs import faults, in_force, stored
from loads import History, execute, load_from, query, served

HEADER = "actor,team,valid_from,valid_to\n"
RED = "actor,team\na@example.com,Red\n"
BLUE = "actor,team\na@example.com,Blue\nb@example.com,Blue\n"


@pytest.fixture
def file(tmp_path):
    """A file with this text or these bytes."""

    def write(content):
        path = tmp_path / "teams.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def database(tmp_path):
    return tmp_path / "usage.duckdb"


def members(file):
    return [
        (row.actor, row.team, row.valid_from, row.valid_to, row.line)
        for row in read_teams(file).rows
    ]


def test_a_file_names_an_actor_a_team_and_perhaps_days(file):
    """Columns may be in any order; lines are numbered as in an editor."""
    path = file(
        "team,actor,valid_to,valid_from\n"
        "Red,Ann@Example.com,2026-01-31,2026-01-01\n"
        "\n"
        '"Research, early", ann@example.com ,,2026-02-01\n'
    )

    expected = [
        ("ann@example.com", "Red", date(2026, 1, 1), date(2026, 1, 31), 2),
        ("ann@example.com", "Research, early", date(2026, 2, 1), None, 4),
    ]
    assert expected == members(path)


def test_an_actor_is_folded_as_the_usage_is(file):
    """Only A to Z are folded: beyond ASCII, warehouses fold differently."""
    [(actor, *_)] = members(file("actor,team\nÄNN.İ@EXAMPLE.com,Red\n"))

    assert "Änn.İ@example.com" == actor


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfactor,team\r\na@example.com,R\xc3\xb6t\r\n",
        b"\xef\xbb\xbf\xef\xbb\xbfactor,team\na@example.com,R\xc3\xb6t\n",
        b"actor,team\ra@example.com,R\xc3\xb6t\r",
        b"actor,team,,\na@example.com,R\xc3\xb6t,,\n,,,\n",
        b'"actor","team"\n"a@example.com"," R\xc3\xb6t "\n\n\n',
    ],
    ids=[
        "a byte order mark",
        "two of them",
        "lines of old Macs",
        "empty columns",
        "quotes",
    ],
)
def test_what_programs_make_of_a_file_is_the_same_file(file, content):
    """Excel's byte order mark, line ends, empty columns and rows are ignored."""
    assert [("a@example.com", "Röt", None, None, 2)] == members(file(content))


def test_a_header_alone_is_a_roster_of_nobody(file):
    """A file with only a header is valid; an empty file is not."""
    assert [] == members(file(HEADER))


NO_LINE = (None, None)
AT_TEAM = (2, "team")
SPACE = r'"R\u00a0D" holds a space that is no plain one, U+00A0. Write a plain one.'
WRONG = {
    "nothing": (b"", None, None, "empty"),
    "blank": (b"\n \n", None, None, "empty"),
    "latin-1": (b"actor,team\na@example.com,R\xf6t\n", 2, None, "0xf6 is no UTF-8"),
    "utf-16": ("actor,team\n".encode("utf-16"), None, None, "UTF-16"),
    "utf-16 without a mark": ("actor,team\n".encode("utf-16-le"), *NO_LINE, "UTF-16"),
    "utf-16 of others": ("actor,team\n".encode("utf-16-be"), *NO_LINE, "UTF-16"),
    "gzip": (b"\x1f\x8b\x08\0rest", *NO_LINE, "packed by gzip"),
    "capitals": (b"Actor,team\n", 1, None, "in lower case. Write actor."),
    "workbook": (b"PK\x03\x04rest", None, None, "workbook"),
    "semicolons": (b"actor;team\na@example.com;Red\n", 1, None, "semicolons"),
    "tabs": (b"actor\tteam\na@example.com\tRed\n", 1, None, "tabs"),
    "a row of semicolons": (b"actor,team\na@x.com;Red\n", 2, None, "semicolons"),
    "sep": (b"sep=,\nactor,team\n", 1, None, "Remove this line"),
    "no team": (b"actor\na@example.com\n", 1, "team", "missing"),
    "one more": (b"actor,team,boss\n", 1, "boss", "no such column"),
    "twice": (b"actor,team,team\n", 1, "team", "twice"),
    "no actor": (b"actor,team\n ,Red\n", 2, "actor", "empty"),
    "no name": (b"actor,team\na@example.com,\n", 2, "team", "empty"),
    "too short": (b"actor,team\na@example.com\n", 2, "team", "empty"),
    "a comma": (b"actor,team\na@example.com,R,D\n", 2, None, "more values than"),
    "ours": (b"actor,team\na@example.com,(no team)\n", 2, "team", "a name of ours"),
    "ours too": (b"actor,team\na@x.com,(small teams)\n", 2, "team", "a name of ours"),
    "joined": (b"actor,team\na@x.com,R\nactor,team\nb@x.com,R\n", 3, None, "joined"),
    "joined with others": (
        b"actor,team,valid_from\na@x.com,R,\n\xef\xbb\xbfteam,actor\n",
        *(3, None, "a header again"),
    ),
    "a quote": (b'actor,team\na@example.com,"Red\n', 2, None, "Close each quote"),
    "two lines": (b'actor,team\na@x.com,"R\nD"\n', 2, "team", "line break"),
    "a space that is none": (
        "actor,team\na@x.com,R\u00a0D\n".encode(),
        *AT_TEAM,
        SPACE,
    ),
    "a wide space": ("actor,team\na@x.com,R\u3000D\n".encode(), *AT_TEAM, "U+3000"),
    "no width": ("actor,team\na@x.com,R\u200bD\n".encode(), *AT_TEAM, "U+200B. Remove"),
    "backwards letters": ("actor,team\na@x,\u202eR\n".encode(), *AT_TEAM, "U+202E"),
    "a line of its own": ("actor,team\na@x,R\u2028D\n".encode(), *AT_TEAM, "U+2028"),
    "nobody's letter": ("actor,team\na@x,R\ue000D\n".encode(), *AT_TEAM, "U+E000"),
    "an actor's": ("actor,team\na\u00ad@x,R\n".encode(), 2, "actor", "U+00AD"),
    "nul": (b"actor,team\na@x.com,R\0D\n", 2, "team", r'"R\u0000D"'),
    "a date of Excel": (
        b"actor,team,valid_from\na@x.com,R,1/31/2026\n",
        *(2, "valid_from", '"1/31/2026" is no date. Write YYYY-MM-DD'),
    ),
    "no such day": (
        b"actor,team,valid_to\na@x.com,R,2026-02-30\n",
        *(2, "valid_to", "no date"),
    ),
    "backwards": (
        b"actor,team,valid_from,valid_to\na@x.com,R,2026-02-02,2026-02-01\n",
        *(2, "valid_to", "before valid_from, 2026-02-02"),
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_with_its_place_and_what_to_do(file, name):
    """One fault has the line as in an editor, the column, and advice."""
    content, line, column, text = WRONG[name]

    [fault] = faults(read_teams, file(content))

    assert (line, column) == fault[:2]
    assert text in fault[2]
    assert fault[2].endswith((".", '"'))


def test_a_misspelt_column_is_one_too_many_and_one_too_few(file):
    """Both faults are listed, with the possible columns."""
    told = faults(read_teams, file(b"Actors,team\n"))

    columns = "Columns: actor, team, valid_from, valid_to."
    assert [(1, "Actors"), (1, "actor")] == [fault[:2] for fault in told]
    assert all(fault[2].endswith(columns) for fault in told)


def test_what_is_no_file_is_told(tmp_path):
    """The name is wrong, is a folder, or the file may not be read."""
    [(_, _, missing)] = faults(read_teams, tmp_path / "none.csv")
    [(_, _, folder)] = faults(read_teams, tmp_path)

    assert "no such file" in missing
    assert "a folder" in folder
    os.mkfifo(tmp_path / "pipe.csv")
    [(_, _, pipe)] = faults(read_teams, tmp_path / "pipe.csv")
    assert "Name a file." in pipe
    with patch("pathlib.Path.open", side_effect=PermissionError(13, "Not allowed")):
        [(_, _, refused)] = faults(read_teams, tmp_path)
    assert "Not allowed" in refused


def test_all_faults_of_a_file_are_found_and_five_are_shown(file):
    """The first five have a line each, in order; a line says nothing was loaded."""
    path = file("actor,team\n" + "a@example.com,Red\n" + ",Red\n" * 7)

    with pytest.raises(InputFileError) as raised:
        read_teams(path)

    lines = str(raised.value).splitlines()
    assert [3, 4, 5, 6, 7, 8, 9] == [fault.line for fault in raised.value.faults]
    assert f"{path}, line 3, column actor: It is empty." in lines[0]
    assert f"{path} has 2 more faults." == lines[5]
    assert f"Nothing of {path} was loaded; what was loaded before counts." == lines[6]


def test_a_message_holds_nothing_that_a_terminal_obeys(file):
    """Values are cut and quoted, with control characters written out."""
    path = file(f"actor,team,valid_from\na@x.com,R,\x1b[2J{'x' * 100}\n")

    [(_, _, text)] = faults(read_teams, path)

    assert text.isprintable()
    assert 100 > len(text.partition(" holds ")[0])


@pytest.mark.parametrize("row", [",Red", "a@x.com,Red", "a@x.com,(no team)"])
def test_a_file_of_faults_is_not_read_to_its_end(file, row):
    """What is told is the same for a thousand faults and for a million."""
    with pytest.raises(InputFileError) as raised:
        read_teams(file("actor,team\n" + f"{row}\n" * 20_000))

    cut = raised.value.as_dicts()[-1]
    assert (1001, None) == (len(raised.value.as_dicts()), cut["line"])
    assert "There may be more faults" in cut["text"]
    assert cut["text"] in str(raised.value)


def test_letters_of_all_languages_are_welcome(file):
    """Also marks of a letter, and letters that are newer than Python's tables."""
    teams = ["Ñandú", "研究 開発", "e\u0301quipe", "हिन्दी", "⚙️", "\U0001fae9"]
    rows = "".join(f"{n}@x.com,{team}\n" for n, team in enumerate(teams))

    assert teams == [team for _, team, *_ in members(file(f"actor,team\n{rows}"))]


def test_nor_does_the_place_of_a_strange_column(file):
    """The name of a column that is not ours is quoted like a value."""
    path = file("actor,team,b\u200boss\x1b[2J\n")

    with pytest.raises(InputFileError) as raised:
        read_teams(path)

    [line, _] = str(raised.value).splitlines()
    assert line.startswith(rf'{path}, line 1, column "b\u200boss\u001b[2J": There is')


def test_faults_name_nobody_where_pseudonyms_are_stored(file):
    """A file without a header seems to have columns that are named like people."""
    people = file("a@example.com,Red\n")

    with pytest.raises(InputFilesError) as raised:
        read_files(resolve_file_settings(teams=people), hides_names=True)

    told = f"{raised.value}{raised.value.as_dicts()}"
    assert "(withheld)" in told
    assert "Red" not in told
    assert "a@example.com" not in told


@pytest.mark.parametrize(
    "rows",
    [
        ("a@x.com,Red,,", "a@x.com,Red,,"),
        ("a@x.com,Red,,", "A@X.com,Blue,,"),
        ("a@x.com,Red,,2026-01-10", "a@x.com,Blue,2026-01-10,"),
        ("a@x.com,Red,2026-01-05,2026-01-06", "a@x.com,Blue,,"),
    ],
)
def test_nobody_is_in_two_teams_on_one_day(file, rows):
    """The fault names both lines, even if others are between them."""
    path = file(HEADER + "\n".join([rows[0], "b@x.com,Red,,", rows[1]]) + "\n")

    [(line, column, text)] = faults(read_teams, path)

    assert (4, "actor") == (line, column)
    assert "lines 2 and 4" in text


def test_who_moves_is_in_one_team_after_the_other(file):
    """Adjacent ranges do not overlap: the next begins a day later."""
    path = file(HEADER + "a@x.com,Red,,2026-01-09\na@x.com,Blue,2026-01-10,\n")

    assert [] == faults(read_teams, path)


days = st.none() | st.dates(date(2026, 1, 1), date(2026, 1, 9))
lines = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("RB"), days, days))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(lines)
def test_a_file_is_refused_exactly_when_a_day_has_two_lines(file, drawn):
    """The same result as counting each actor's lines day by day."""
    drawn = [row for row in drawn if not (row[2] and row[3] and row[3] < row[2])]
    week = [date(2025, 12, 31), *(date(2026, 1, day) for day in range(1, 12))]
    most = max(
        (
            sum(
                actor == row[0] and (row[2] or day) <= day <= (row[3] or day)
                for row in drawn
            )
            for actor in "ab"
            for day in week
        ),
        default=0,
    )
    text = HEADER + "".join(f"{a},{t},{f or ''},{u or ''}\n" for a, t, f, u in drawn)

    assert (most > 1) == bool(faults(read_teams, file(text)))


@pytest.mark.slow
def test_a_file_is_loaded_once(database):
    """The same bytes again write neither rows nor a load."""
    first = stored(database, teams=RED)
    before = tables(database)
    again = stored(database, teams=RED)

    assert (["teams"], []) == (first, again)
    assert before == tables(database)


@pytest.mark.slow
def test_a_changed_file_replaces_the_one_before(database):
    """Only the new version is in force, even if it equals an older one."""
    for text, expected in [(RED, ["Red"]), (BLUE, ["Blue"] * 2), (RED, ["Red"])]:
        assert ["teams"] == stored(database, teams=text)
        assert [(team,) for team in expected] == in_force(
            database, "stg_team_members", "team"
        )

    [(version, rows)] = in_force(database, "stg_input_files", "version, row_count")
    assert (3, 1) == (version, rows)


@pytest.mark.slow
def test_a_header_alone_empties_the_roster(database):
    """No team has members any more."""
    stored(database, teams=RED)
    stored(database, teams="actor,team\n")

    assert [] == in_force(database, "stg_team_members")
    assert [(2, 0)] == in_force(database, "stg_input_files", "version, row_count")


@pytest.mark.slow
def test_another_group_size_is_another_version(database):
    """The size is stored with the file, so views use it in every warehouse."""
    stored(database, teams=RED)

    assert ["teams"] == stored(database, teams=RED, min_group_size=5)
    assert [(5,)] == in_force(database, "stg_input_files", "min_group_size")


def test_a_group_has_at_least_one(file):
    """A size of zero is refused."""
    with pytest.raises(ValueError, match="at least 1"):
        read_teams(file(RED), min_group_size=0)


@pytest.mark.slow
def test_a_load_that_was_cut_short_changes_nothing_that_is_in_force(database):
    """Its rows are stored without a commit; the next load stores the file again."""
    stored(database, teams=RED)
    with (
        patch.object(OneStoredSchema, "complete_load", side_effect=SystemExit),
        pytest.raises(SystemExit),
    ):
        stored(database, teams=BLUE)

    assert 3 == len(tables(database)["team_members"])
    assert [("Red",)] == in_force(database, "stg_team_members", "team")
    assert ["teams"] == stored(database, teams=BLUE)
    assert [("Blue",)] * 2 == in_force(database, "stg_team_members", "team")


@pytest.mark.slow
def test_tables_are_made_once_and_stay_empty(database):
    """Views read these tables, even if no file was ever loaded, or one was dropped."""
    with served(History()) as api:
        load_from(api, database, "2026-03-09", "2026-03-09")
    execute(database, "drop table claude_code.budgets")
    loads = []
    for _ in range(2):
        with open_warehouse("duckdb", database, "claude_code") as opened:
            opened.build_views()
        loads += query(database, "select count(*) from claude_code._dlt_loads")

    assert loads[0] == loads[1]
    assert [] == in_force(database, "stg_team_members")
    assert [] == in_force(database, "stg_budgets")


def tables(database):
    """The rows of the files' tables and of dlt's loads."""
    names = ("team_members", "budgets", "input_files", "_dlt_loads")
    with duckdb.connect(database, read_only=True) as connection:
        return {
            name: connection.sql(f"from claude_code.{name}").fetchall()
            for name in names
        }
