"""Rules about the code's structure, in addition to the contracts in `pyproject.toml`.

The contracts say who may import whom; `make lint` checks them.
"""

import ast
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

from ccwarehouse.warehouses import ENGINES

ROOT = Path(__file__).parent.parent
SHELVES = (
    "anthropic_admin_api",
    "anthropic_directory",
    "anthropic_usage_and_cost",
    "ccwarehouse",
    "claude_code_analytics",
    "claude_code_marts",
    "whole_days",
)
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


def test_the_general_package_names_no_source_and_no_program():
    """Not even in a message or a docstring: any pipeline may use it."""
    ours = {*SHELVES} - {"whole_days"} | {"claude_code"}
    texts = (ROOT / "sources" / "whole_days").rglob("*.py")
    named = [name for file in texts for name in ours if name in file.read_text("utf-8")]

    assert [] == named


def test_few_modules_know_the_terminal():
    """All others return texts; ruff checks that no module calls `print`."""
    graph = grimp.build_graph(*SHELVES, include_external_packages=True, cache_dir=None)
    writing = {
        module
        for library in ("click", "rich")
        for module in graph.find_modules_that_directly_import(library)
    }

    assert {
        "ccwarehouse.demo",
        "ccwarehouse.demo.answers",
        "ccwarehouse.options",
        "ccwarehouse.output",
        "ccwarehouse.words.progress",
    } == {module for module in writing if "cli" not in module.split(".")}


def test_nobody_outside_compares_the_name_of_an_engine():
    """Only warehouses/ knows what differs between engines."""
    asking = [
        file.name
        for file in PROGRAM.rglob("*.py")
        if "warehouses" not in file.parts
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Compare | ast.match_case)
        and any(
            isinstance(part, ast.Constant) and part.value in ENGINES
            for part in ast.walk(node)
        )
    ]

    assert [] == asking


def test_few_modules_reach_into_dlt():
    """What uses dlt's container, jobs and clients is in modules named `dlt_`."""
    private = (
        "dlt.common.configuration.container",
        "dlt.destinations.job_client_impl",
        "dlt.destinations.impl.postgres.postgres",
    )
    found = [
        file.name
        for shelf in ("pipelines", "sources")
        for file in (ROOT / shelf).rglob("*.py")
        if not file.name.startswith("dlt_")
        and any(name in imported_at_runtime(file) for name in private)
    ]

    assert [] == found


def imported_at_runtime(file):
    """The modules that a file imports from, without those for types alone."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    typed = {
        node
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    return {
        node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node not in typed
    }


@pytest.mark.process
def test_help_does_not_wait_for_dlt():
    """`--help` and a wrong argument load no dlt, DuckDB, Arrow or rich."""
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
