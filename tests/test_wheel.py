"""The wheel in an empty environment, and the file it leaves for other programs."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

ROOT = Path(__file__).parent.parent
SOURCES = [folder.name for folder in (ROOT / "sources").iterdir()]
UV = Path(sys.executable).with_name("uv")


def run(*words, cwd, **environment):
    """Run a program in an environment without this checkout."""
    hidden = ("VIRTUAL_ENV", "PYTHONPATH")
    given = {name: text for name, text in os.environ.items() if name not in hidden}
    return subprocess.run(
        list(map(str, words)),
        cwd=cwd,
        env=given | environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder outside the checkout, where the wheel is installed and run."""
    folder = tmp_path_factory.mktemp("elsewhere")
    run(UV, "build", "--quiet", "--wheel", "--out-dir", folder, cwd=ROOT)
    (wheel,) = folder.glob("*.whl")
    locked = folder / "locked.txt"
    only = ("--no-dev", "--no-emit-project", "--no-hashes")
    run(UV, "export", "--quiet", "--locked", *only, "-o", locked, cwd=ROOT)
    run(UV, "venv", "--quiet", "--python", sys.executable, "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    install = ("pip", "install", "--quiet", "--python", python)
    run(UV, *install, "-r", locked, wheel, cwd=folder)
    return folder


# Python imports a module of this name when it starts. This one records connections.
WITNESS = """
import sys

def note(event, args):
    if event == "socket.connect" or event == "socket.getaddrinfo":
        host = args[1][0] if event == "socket.connect" else args[0]
        with open("called.txt", "a") as called:
            print(host, file=called)

sys.addaudithook(note)
"""


@pytest.fixture(scope="module")
def demo(folder):
    """The output of the installed `ccwarehouse demo`, run with that module."""
    (folder / "sitecustomize.py").write_text(WITNESS)
    program = folder / "venv" / "bin" / "ccwarehouse"
    telling = {"RUNTIME__DLTHUB_TELEMETRY": "true"}  # another dlt project may set this
    return run(program, "demo", cwd=folder, PYTHONPATH=str(folder), **telling)


def test_an_installed_wheel_finds_its_sql_and_runs_the_demo(demo, folder):
    """Outside the checkout the demo prints its answers and leaves its database."""
    assert "five costliest users" in demo
    assert "</html>" in (folder / "demo.html").read_text(encoding="utf-8")
    assert (folder / "demo.duckdb").stat().st_size > 100_000


def test_the_demo_calls_no_one_but_this_machine(demo, folder):
    """It makes no connection to other machines."""
    called = set((folder / "called.txt").read_text().split())

    assert {"127.0.0.1"} == called


def test_the_wheel_puts_no_common_names_into_site_packages(folder):
    """Its packages have specific names, not `sources` or `pipelines`."""
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    ours = (*SOURCES, "ccwarehouse", "claude_code_marts")

    assert all((site / name / "__init__.py").exists() for name in ours)
    assert not any(
        (site / name).exists()
        for name in ("sources", "transforms", "pipelines", "tests")
    )


def test_the_wheel_brings_its_licence(folder):
    """The wheel contains the text, and its metadata name it."""
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (about,) = site.glob("ccwarehouse-*.dist-info")
    text = (ROOT / "LICENSE").read_text()

    assert text == (about / "licenses" / "LICENSE").read_text()
    assert "License-Expression: Apache-2.0\n" in (about / "METADATA").read_text()


def test_the_index_shows_a_readme_whose_links_lead_to_the_release(folder):
    """It shows the README without the files beside it, so no link may be relative."""
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (about,) = site.glob("ccwarehouse-*.dist-info")
    text = (about / "METADATA").read_text(encoding="utf-8")
    (version,) = re.findall(r"^Version: (.+)$", text, re.MULTILINE)
    links = re.findall(r"\]\(([^)]+)\)", text)
    repository = "ccwarehouse/ccwarehouse"

    assert [] == [link for link in links if not link.startswith(("https://", "#"))]
    assert f"https://github.com/{repository}/blob/v{version}/docs/report.md" in links
    picture = (
        f"https://raw.githubusercontent.com/{repository}/v{version}/docs/report.png"
    )
    assert picture in links


def test_the_wheel_has_all_sql_and_no_cases(folder):
    """All SQL files of nested folders are in it; the cases are not."""
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    installed, ours = site / "claude_code_marts", ROOT / "transforms/claude_code_marts"

    expected = {path.relative_to(ours) for path in ours.rglob("*.sql")}
    assert expected == {
        path.relative_to(installed) for path in installed.rglob("*.sql")
    }
    assert not (installed / "cases").exists()


NO_WHEEL = pytest.mark.skipif(
    sys.version_info >= (3, 13), reason="DuckDB 1.0 has wheels up to Python 3.12"
)


@pytest.mark.parametrize(
    "version", [pytest.param("1.0.0", marks=NO_WHEEL), "1.4.4", "2.0.0"]
)
def test_other_versions_of_duckdb_open_the_file(demo, folder, version):
    """BI tools have their own DuckDB, often an older one: views work there."""
    code = (
        "import duckdb;"
        "connection = duckdb.connect('demo.duckdb', read_only=True);"
        "print(connection.sql('select count(*) from"
        " claude_code_marts.user_cost_monthly').fetchall()[0][0] > 10)"
    )
    isolated = ("run", "--quiet", "--isolated", "--no-project", "--python")
    with_duckdb = (sys.executable, "--with", f"duckdb=={version}", "python", "-c", code)

    assert "True" == run(UV, *isolated, *with_duckdb, cwd=folder).strip()
