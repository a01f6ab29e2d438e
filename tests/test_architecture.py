"""Imports run one way, and what the shelves promise of themselves holds."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "sources" / "claude_code_analytics"
MARTS = ROOT / "transforms" / "claude_code_marts"
PROGRAM = ROOT / "pipelines" / "ccwarehouse"


def imported(folder, pattern="*.py"):
    """The modules that files import from elsewhere, as dotted names."""
    names = set()
    for file in folder.rglob(pattern):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add(node.module)
    return names


def roots(names):
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize(
    ("folder", "forbidden"),
    [
        (SOURCE, {"ccwarehouse", "claude_code_marts", "click", "rich", "duckdb"}),
        (MARTS, {"ccwarehouse", "claude_code_analytics", "click", "rich", "dlt"}),
    ],
    ids=["source", "transforms"],
)
def test_sources_and_transforms_know_nothing_of_what_uses_them(folder, forbidden):
    """The source knows no warehouse and no command line, the SQL knows no loader."""
    assert set() == roots(imported(folder)) & forbidden


def test_the_calendar_is_pure():
    """Which days are wanted depends on what is passed in, and on nothing else."""
    standard = {"collections", "dataclasses", "datetime", "enum", "itertools"}

    assert standard >= roots(imported(SOURCE, "days.py"))


def test_only_the_command_line_prints():
    """No module below the command line writes to the terminal by itself."""
    printing = [
        file.name
        for folder in (SOURCE, MARTS, PROGRAM)
        for file in folder.rglob("*.py")
        if file.name not in ("cli.py", "output.py")
        and any(word in file.read_text() for word in ("click.echo(", " print(\n"))
    ]

    assert [] == printing


@pytest.mark.process
def test_help_does_not_wait_for_dlt():
    """`--help` and a wrong word are answered without dlt, DuckDB, Arrow or rich."""
    code = (
        "import sys, click\n"
        "from click.testing import CliRunner\n"
        "from ccwarehouse.cli import main\n"
        "CliRunner().invoke(main, ['load', '--help'])\n"
        "CliRunner().invoke(main, ['load', '--start', 'soon'])\n"
        "print(sorted({'dlt', 'duckdb', 'pyarrow', 'rich'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert "[]" == done.stdout.strip()
