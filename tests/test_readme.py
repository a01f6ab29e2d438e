"""The README and docs/ are true: commands exist, queries run, links work."""

import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi
from ccwarehouse.cli import main
from ccwarehouse.exit_codes import ExitCode
from claude_code_marts import models
from loads import query
from pages import DOCS, PAGES, ROOT, blocks

OPERATIONS = PAGES[DOCS / "operations.md"]
QUESTIONS = PAGES[DOCS / "questions.md"]
PROGRAM = "/opt/ccwarehouse/bin/ccwarehouse"
COMMANDS = [
    words[words.index("ccwarehouse") + 1 :]
    for block in (*blocks("sh"), *blocks("cron"))
    for line in block.replace(PROGRAM, "ccwarehouse").replace("\\\n", " ").splitlines()
    if "ccwarehouse" in (words := shlex.split(line, comments=True))
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_that_is_told_of_is_one(words):
    """Each parses as the command line would parse it."""
    with click.Context(main, **main.context_settings) as context:
        name, command, rest = main.resolve_command(context, list(words))

        assert command.make_context(name, rest, parent=context)


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_is_told_of(name):
    """The docs show every command."""
    assert (
        name in {words[0] for words in COMMANDS}
        or f"make {name}" in PAGES[ROOT / "README.md"]
    )


@pytest.mark.slow
@pytest.mark.process
def test_the_cron_line_loads_where_cron_runs_it(tmp_path):
    """With cron's environment and the key from its own file."""
    (job,) = blocks("cron")
    zone, line = job.splitlines()
    command = line.split(maxsplit=5)[5]
    for there, here in (
        ("/opt/ccwarehouse/bin/", f"{Path(sys.executable).parent}/"),
        ("/etc/", f"{tmp_path}/"),
        ("/data/", f"{tmp_path}/"),
    ):
        # quoted, as a path may have a space in it
        command = command.replace(there, shlex.quote(here))
    with FakeApi() as api:
        (tmp_path / "ccwarehouse.env").write_text(
            f"export ANTHROPIC_ADMIN_KEY={DEMO_API_KEY}\n"
            f"export SOURCES__CLAUDE_CODE_ANALYTICS__BASE_URL={api.url}\n"
            "export SOURCES__CLAUDE_CODE_ANALYTICS__INITIAL_DAYS=1\n"
        )
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            env={"HOME": str(tmp_path)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )

    assert (0, "") == (done.returncode, done.stdout)
    assert ("CRON_TZ=UTC", True) == (zone, (tmp_path / "ccwarehouse.duckdb").exists())


@pytest.mark.parametrize("command", ["load", "status", "export", "report"])
def test_every_option_is_told_of(command):
    """The tables of options are complete."""
    params = main.commands[command].params
    options = [
        name
        for option in params
        if isinstance(option, click.Option)
        for name in option.opts
    ]

    told = OPERATIONS + PAGES[DOCS / "report.md"]
    assert [] == [name for name in options if name not in told]


def test_the_variables_that_are_told_of_are_those_of_options():
    """Each one in docs/ is read by an option or by dlt's settings."""
    known = {
        variable
        for command in main.commands.values()
        for option in command.params
        if isinstance(option, click.Option)
        for variable in option.envvar
    }
    told = {
        variable
        for text in PAGES.values()
        for variable in re.findall(r"\bCCWAREHOUSE_(?!_)\w+", text)
    }

    assert told
    assert set() == told - known


def test_every_exit_code_is_told_of():
    """The table and `--help` have the same codes and meanings."""
    rows = re.findall(r"^\| (\d+) \| (.*) \|$", OPERATIONS, re.MULTILINE)

    assert [(str(int(code)), code.meaning) for code in ExitCode] == rows


@pytest.mark.slow
def test_every_query_that_is_told_of_runs_and_finds_something(tmp_path):
    """Every query in the docs, except grants, returns rows of the demo in DuckDB."""
    database = tmp_path / "ccwarehouse.duckdb"
    runpy.run_path(str(DOCS / "answers.py"))["load"](database)

    assert [] == [
        sql
        for sql in blocks("sql")
        if not sql.startswith("create role") and not query(database, sql.strip(" \n;"))
    ]


def test_the_grain_of_every_mart_is_told():
    """The table and the SQL state the same grain."""
    names = {"organization_id": "organisation"}
    expected = {
        model.name: ", ".join(
            names.get(column, column).replace("_", " ")
            for column in model.grain
            if column != "account"  # in the table's head
        )
        for model in models()
        if model.path.startswith(("marts/adoption/", "marts/cost/", "marts/teams/"))
    }
    told = re.findall(r"^\| `(\w+)` \| (.*) \|$", QUESTIONS, re.MULTILINE)

    assert expected
    assert expected == {name: of for name, of in told if name in expected}


def test_the_python_example_names_what_is_there():
    """The example's imports work."""
    (example,) = blocks("python")

    exec(compile(example.rpartition("\n\n")[0], "settings.md", "exec"), {})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_what_is_there(page):
    """Links to files and to headings, named as on GitHub."""
    lost = [
        link
        for link in re.findall(r"\]\((?!https?:)([^)]+)\)", PAGES[page])
        if not leads_somewhere(page, link)
    ]

    assert [] == lost


def leads_somewhere(page, link):
    path, _, heading = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return False
    titles = re.findall(r"^#+ (.*)$", PAGES.get(target, ""), re.MULTILINE)
    named = {
        re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles
    }
    return not heading or heading in named


@pytest.mark.slow
def test_the_answers_are_what_the_demo_holds():
    """`make docs` changes nothing: each question has a query, and its answer."""
    written = runpy.run_path(str(DOCS / "answers.py"))["page"]()

    assert written == QUESTIONS


def test_a_question_has_a_query_and_an_answer():
    """An answer is a table with at least one row."""
    question = r"^### .*\n\n```sql\n[^`]+\n```\n\n\|.*\n\|.*-.*\n\|"
    titles = re.findall(r"^### ", QUESTIONS, re.MULTILINE)

    assert len(titles) > 17
    assert len(titles) == len(re.findall(question, QUESTIONS, re.MULTILINE))


def test_a_question_takes_at_most_ten_lines():
    """No query of the page is longer."""
    queries = re.findall(r"```sql\n(.*?)\n```", QUESTIONS, re.DOTALL)

    assert queries
    assert [] == [sql for sql in queries if len(sql.splitlines()) > 10]


def test_the_data_dictionary_is_what_the_code_declares():
    """`make docs` changes nothing, and every column has a meaning."""
    written = runpy.run_path(str(DOCS / "dictionary.py"))["page"]()

    assert written == PAGES[DOCS / "data-dictionary.md"]
    assert [] == re.findall(r"^\| `.*\|\s*\|$", written, re.MULTILINE)
