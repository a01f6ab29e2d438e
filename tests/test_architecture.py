"""What the shelves promise of themselves, beside the contracts in `pyproject.toml`.

The contracts say who may import whom; `make lint` checks them.
"""

import subprocess
import sys
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "sources" / "claude_code_analytics"
MARTS = ROOT / "transforms" / "claude_code_marts"
PROGRAM = ROOT / "pipelines" / "ccwarehouse"


def test_calendar_and_plan_are_pure():
    """Which days are wanted depends on what is passed in, and on nothing else."""
    pure = {"whole_days.calendar", "whole_days.plan"}
    standard = {"collections", "dataclasses", "datetime", "enum", "itertools"}
    graph = grimp.build_graph(
        "whole_days", include_external_packages=True, cache_dir=None
    )

    for module in pure:
        assert standard | pure >= graph.find_modules_directly_imported_by(module)


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
