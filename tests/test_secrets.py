"""No secret leaks: each command fails in many ways, and all its output is searched.

Every run is its own process, with all libraries' logs at debug level and the working
folder kept. Nothing that it wrote may contain the key or a password, and only the usage
tables and their files may contain emails.
"""

import base64
import gzip
import json
import os
import re
import signal
import time
import urllib.parse
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass, field
from threading import Timer

import duckdb
import pyarrow.parquet as pq
import pytest

from anthropic_admin_api.fake import FakeApi, Response, error
from loads import record
from processes import Forking
from soak import IS_SOAK, sample

LIMIT = sample(quick=300, soak=7200)  # seconds for all cases
pytestmark = [pytest.mark.process, pytest.mark.timeout(LIMIT)]

KEY = "sk-ant-admin01-Zq7wErTy_UIOPasdf-GHJKl"
PASSWORD = "hunter-Kj5Lw9"
EMAIL = "zoe.q7x@example.com"

# every logger logs, and the folder of a run is kept for the search
LAUNCHER = """
import logging, os, shutil, tempfile
logging.basicConfig(level=logging.DEBUG)
remove = shutil.rmtree
def keep(path, *args, **given):
    if "ccwarehouse-" not in os.path.basename(str(path)):
        remove(path, *args, **given)
shutil.rmtree = keep
tempfile.TemporaryDirectory.cleanup = lambda self: None
tempfile.TemporaryDirectory._cleanup = classmethod(lambda cls, *args, **given: None)
def bug(*args, **given):
    raise RuntimeError("planted")
{plant}
from ccwarehouse.cli import main
main()
"""
LOCALS = "import rich.traceback; rich.traceback.install(show_locals=True, width=200)\n"
BUGS = {
    "in the client": "import anthropic_admin_api.client as c; c.describe = bug",
    "in the reader": "from claude_code_analytics.reply import PageReader as R; "
    "R.read = bug",
    "in the source": "import whole_days.package as p; p._outcome = bug",
    "in the load": "import ccwarehouse.load as l; l.portions = bug",
    "in the settings": "import anthropic_admin_api.settings as s; s._require = bug",
}

CUSTOMARY = "ANTHROPIC_ADMIN_KEY"
OF_DLT = "SOURCES__CLAUDE_CODE_ANALYTICS__API_KEY"
SECTION = "[sources.claude_code_analytics]"
ACCOUNTS = "SOURCES__CLAUDE_CODE_ANALYTICS__ACCOUNTS__"
OF_ACCOUNT = f"{ACCOUNTS}ACME__API_KEY"
TOKEN = "SOURCES__CLAUDE_CODE_ANALYTICS__AUTH_TOKEN"
KEY_PLACES = (CUSTOMARY, OF_DLT, OF_ACCOUNT, "secrets.toml")


def echo(status):
    """A refusal that quotes the received key."""

    def fault(request):
        key = request.headers.get("x-api-key") or request.headers["authorization"]
        return error(status, f"bad x-api-key: {key} {key.upper()}, ask {EMAIL}")

    return fault


def strange_page(**fields):
    """A page whose one record has these fields."""
    return lambda request: Response(
        200,
        {},
        json.dumps(
            {"data": [record(request.query["starting_at"], EMAIL, **fields)]}
        ).encode(),
    )


def cost(amount):
    """A model breakdown of one entry."""
    return [{"model": EMAIL, "estimated_cost": {"currency": "USD", "amount": amount}}]


def hanging(request):
    return Response(200, {}, b"{}", stall=60)


@dataclass
class Case:
    """A command that fails: the API's fault, the settings, the expected exit code.

    `file` replaces the content of secrets.toml.
    """

    words: str
    code: int
    fault: object = None
    given: dict = field(default_factory=dict)
    plant: str = ""
    file: str = ""
    prepare: object = None
    interrupt: int | None = None


def broken_file(folder):
    (folder / "ccwarehouse.duckdb").write_text("no database\n" * 1000)
    return nullcontext()


def file_in_use(folder):
    return duckdb.connect(folder / "ccwarehouse.duckdb")


BASE_URL = "SOURCES__CLAUDE_CODE_ANALYTICS__BASE_URL"
CREDENTIALS = "DESTINATION__POSTGRES__CREDENTIALS"
NOWHERE = {BASE_URL: "http://127.0.0.1:9"}
POSTGRES = f"postgresql://loader:{PASSWORD}@127.0.0.1:9/usage"
CASES = {
    "all is well": Case("load", 0),
    "all is well with doctor": Case("doctor", 0),
    "status of nothing": Case("status", 5),
    "transform of nothing": Case("transform --check", 5),
    "refused with 401": Case("load", 3, echo(401)),
    "refused with 403": Case("load", 3, echo(403)),
    "doctor refused": Case("doctor", 3, echo(401)),
    "doctor told 500": Case("doctor --json", 4, echo(500)),
    "days fail with 404": Case("load", 7, echo(404)),
    "days fail with 529": Case("load --json", 7, echo(529)),
    "day of the key": Case("load", 7, strange_page(date=KEY)),
    "day of an email": Case("load", 7, strange_page(date=EMAIL)),
    "cents of the key": Case("load", 7, strange_page(model_breakdown=cost(KEY))),
    "cents of an email": Case("load", 7, strange_page(model_breakdown=cost(EMAIL))),
    "sessions of an email": Case("load", 7, strange_page(core_metrics=EMAIL)),
    "unknown fields": Case("load", 0, strange_page(owner=[EMAIL], more={"x": EMAIL})),
    "API out of reach": Case("load", 7, given=NOWHERE),
    "doctor out of reach": Case("doctor", 4, given=NOWHERE),
    "key for a URL": Case("load", 3, given={BASE_URL: KEY}),
    "key in the URL": Case("doctor", 3, given={BASE_URL: f"http://{KEY}@127.0.0.1:9"}),
    "password in the URL": Case(
        "load", 3, given={BASE_URL: f"http://u:{PASSWORD}@127.0.0.1:9"}
    ),
    "bad port": Case("load", 3, given={BASE_URL: f"http://127.0.0.1:{KEY}"}),
    "blanks in the key": Case("load", 3, given={CUSTOMARY: f"{KEY} 1"}),
    "newline in the key": Case("load", 3, given={CUSTOMARY: f"{KEY}\n{KEY}"}),
    "newline after the key": Case("load", 0, given={CUSTOMARY: f" {KEY}\r\n"}),
    "key without quotes": Case("load", 3, file=f"api_key = {KEY}"),
    "key in a list": Case("load", 3, file=f'api_key = ["{KEY}"]'),
    "key in a table": Case("load", 3, file=f'api_key = {{"{KEY}" = 1}}'),
    "section given twice": Case("load", 3, file=f'api_key = "{KEY}"\n{SECTION}'),
    "token refused": Case("load", 3, echo(401), given={CUSTOMARY: "", TOKEN: KEY}),
    "doctor told 403 of a token": Case(
        "doctor", 3, echo(403), given={CUSTOMARY: "", TOKEN: KEY}
    ),
    "token twice": Case("load", 3, given={TOKEN: KEY, f"{TOKEN}_COMMAND": KEY}),
    "command that prints too much": Case(
        "load", 3, given={CUSTOMARY: "", f"{TOKEN}_COMMAND": f"echo {KEY} {KEY}"}
    ),
    "command that fails": Case(
        "load --json",
        3,
        given={
            CUSTOMARY: "",
            f"{TOKEN}_COMMAND": f"sh -c 'echo {KEY}; echo {KEY} >&2; exit 9'",
        },
    ),
    "renewed token refused": Case(
        "load", 3, echo(401), given={CUSTOMARY: "", f"{TOKEN}_COMMAND": f"echo {KEY}"}
    ),
    "days fail with a token": Case(
        "load", 7, echo(404), given={CUSTOMARY: "", f"{TOKEN}_COMMAND": f"echo {KEY}"}
    ),
    "one account of two refused": Case(
        "load --json", 4, given={f"{ACCOUNTS}OTHER__AUTH_TOKEN": PASSWORD}
    ),
    "key as a name": Case("load", 3, given={f"{ACCOUNTS}{KEY}__API_KEY": KEY}),
    "key as a variable": Case("load", 3, given={f"{ACCOUNTS}X__{KEY}": KEY}),
    "key as a setting": Case("load", 3, file=f'accounts.acme."{KEY}" = "{KEY}"'),
    "key as an account": Case("status", 3, file=f'accounts.acme = "{KEY}"'),
    "key as a file": Case("load", 3, given={CUSTOMARY: "", f"{CUSTOMARY}_FILE": KEY}),
    "number of the wrong kind": Case(
        "load", 3, given={"SOURCES__CLAUDE_CODE_ANALYTICS__CONCURRENCY": KEY}
    ),
    "broken file": Case("load", 5, prepare=broken_file),
    "file in use": Case("load --wait=0", 5, prepare=file_in_use),
    "doctor on a broken file": Case("doctor", 5, prepare=broken_file),
    "status of a broken file": Case("status", 5, prepare=broken_file),
    "no such folder": Case("load --database nowhere/usage.duckdb", 5),
    "name clash": Case("load --database claude_code.duckdb", 2),
    "no such destination": Case("load --destination nosuch", 2),
    "Postgres out of reach": Case(
        "load --destination postgres", 5, given={CREDENTIALS: POSTGRES}
    ),
    "doctor without Postgres": Case(
        "doctor --destination postgres", 5, given={CREDENTIALS: POSTGRES}
    ),
    "credentials of another scheme": Case(
        "load --destination postgres",
        3,
        given={CREDENTIALS: POSTGRES.replace("postgresql:", "postgresql+psycopg2:")},
    ),
    "doctor with another scheme": Case(
        "doctor --destination postgres --json",
        3,
        given={CREDENTIALS: POSTGRES.replace("postgresql:", "mysql:")},
    ),
    "credentials that another driver cannot read": Case(
        "status --destination redshift",
        3,
        given={
            "DESTINATION__REDSHIFT__CREDENTIALS": f"mysql://u:{PASSWORD}@127.0.0.1/usage"
        },
    ),
    "events of days that fail": Case(
        "load --log-format json --metrics m.prom", 7, echo(404)
    ),
    "events of a refusal": Case(
        "load --log-format json --metrics m.prom", 3, echo(401)
    ),
    "events of unknown fields": Case(
        "load --log-format json",
        0,
        strange_page(owner=[EMAIL], more={EMAIL: EMAIL}),
    ),
    "events of a key without quotes": Case(
        "load --log-format json", 3, file=f"api_key = {KEY}"
    ),
    "events without Postgres": Case(
        "load --destination postgres --log-format json",
        5,
        given={CREDENTIALS: POSTGRES},
    ),
    "variable with the key": Case("load", 2, given={"CCWAREHOUSE_LOAD_WAIT": KEY}),
    "malformed credentials": Case(
        "load --destination postgres", 3, given={CREDENTIALS: f"loader:{PASSWORD}@x y"}
    ),
    "interrupted": Case("load", 130, hanging, interrupt=signal.SIGINT),
    "killed": Case("load", -9, hanging, interrupt=signal.SIGKILL),
    **{
        f"bug {place}": Case(
            "load", 1, echo(404) if "client" in place else None, plant=plant
        )
        for place, plant in BUGS.items()
    },
    **{
        f"bug {place}, with locals": Case(
            "load", 1, echo(404) if "client" in place else None, plant=LOCALS + plant
        )
        for place, plant in BUGS.items()
    },
}

NEAR_TWINS = {
    "bug in the reader, with locals",
    "status of nothing",
    "refused with 403",
    "doctor told 500",
    "sessions of an email",
    "cents of the key",
    "doctor out of reach",
    "password in the URL",
    "blanks in the key",
    "key in a table",
    "doctor on a broken file",
    "status of a broken file",
    "no such folder",
    "name clash",
    "no such destination",
    "doctor without Postgres",
    "doctor with another scheme",
    "bug in the load",
    "bug in the source, with locals",
    "bug in the load, with locals",
}


@dataclass
class Run:
    """How a case ended, and its folder and output."""

    code: int
    output: str
    folder: object


class Runner(Forking):
    """Starts processes, each like one of a shell."""

    def __init__(self):
        super().__init__("secrets_process.py")

    def start(self, **order):
        """Start one; returns its number."""
        return int(self.order(**order))

    def ended(self, number):
        """Its exit code, when it ends; a hanging process is killed."""
        watchdog = Timer(120, os.kill, (number, signal.SIGKILL))
        watchdog.start()
        code = int(self.replies.readline())
        watchdog.cancel()
        return code


def run(case, key_place, folder, runner):
    """Run the case in a new folder, with a working folder and a home in it."""
    for name in ("tmp", "home", ".dlt"):
        (folder / name).mkdir()
    in_file = case.file or (
        f'api_key = "{KEY}"'
        if key_place == "secrets.toml" and CUSTOMARY not in case.given
        else ""
    )
    if in_file:
        (folder / ".dlt" / "secrets.toml").write_text(f"{SECTION}\n{in_file}\n")
        (folder / ".dlt" / "secrets.toml").chmod(0o600)
    with (
        case.prepare(folder) if case.prepare else nullcontext(),
        FakeApi(
            lambda day: [record(str(day), EMAIL)], api_key=KEY, fault=case.fault
        ) as api,
    ):
        output = folder.with_suffix(".txt")
        number = runner.start(
            code=LAUNCHER.format(plant=case.plant),
            words=case.words.split(),
            folder=str(folder),
            environment=os.environ | environment(case, api, key_place, folder),
            output=str(output),
        )
        if case.interrupt:
            wait_for(lambda: api.calls)
            os.kill(number, case.interrupt)
        code = runner.ended(number)
    return Run(code, output.read_text(), folder)


def environment(case, api, key_place, folder):
    """The environment: short waits, debug logs, and the key in its place."""
    key = {} if case.file or key_place == "secrets.toml" else {key_place: KEY}
    return {
        BASE_URL: api.url,
        "SOURCES__CLAUDE_CODE_ANALYTICS__INITIAL_DAYS": "2",
        "SOURCES__CLAUDE_CODE_ANALYTICS__BACKOFF": "0.01",
        "SOURCES__CLAUDE_CODE_ANALYTICS__MAX_WAIT": "0.5",
        "RUNTIME__LOG_LEVEL": "DEBUG",
        "PYTHONASYNCIODEBUG": "1",
        "TMPDIR": str(folder / "tmp"),
        "HOME": str(folder / "home"),
        **({} if CUSTOMARY in case.given else key),
        **case.given,
    }


def wait_for(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


# a soak tries all of them, with the key in each place
KINDS = [
    (name, place)
    for number, name in enumerate(name for name in CASES if name not in NEAR_TWINS)
    for place in [CUSTOMARY if "in the settings" in name else KEY_PLACES[number % 4]]
]
if IS_SOAK:
    KINDS = [(name, place) for name in CASES for place in KEY_PLACES]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Every case, two at a time; in a soak with the key in each place."""

    runners = [Runner(), Runner()]

    def work(kind):
        name, place = kind
        runner = runners.pop()
        try:
            return run(CASES[name], place, tmp_path_factory.mktemp("case"), runner)
        finally:
            runners.append(runner)

    with closing(runners[0]), closing(runners[1]), ThreadPoolExecutor(2) as pool:
        return dict(zip(KINDS, pool.map(work, KINDS), strict=True))


# the search


def written(run):
    """All that a run has written: (place, text), with files unpacked."""
    yield "output", run.output
    for path in run.folder.rglob("*"):
        if path.is_file() and path != run.folder / ".dlt" / "secrets.toml":
            yield from unpacked(path)


def unpacked(path):
    """The texts of a file."""
    data = path.read_bytes()
    yield str(path), data.decode("latin-1")
    if path.suffix == ".gz":
        yield str(path), gzip.decompress(data).decode("latin-1")
    if path.suffix == ".parquet" and data.endswith(b"PAR1"):
        yield str(path), str(pq.read_table(path).to_pylist())
    if path.suffix == ".duckdb" and b"DUCK" in data[:16]:
        yield from cells(path)


def cells(database):
    """The texts of each table and view."""
    with duckdb.connect(database, read_only=True) as connection:
        relations = connection.sql(
            "select schema_name, table_name from duckdb_tables() union all "
            "select schema_name, view_name from duckdb_views() where not internal"
        ).fetchall()
        for schema, name in relations:
            rows = connection.sql(f'select * from "{schema}"."{name}"').fetchall()
            yield f"{schema}.{name}", str(rows)
            for cell in (cell for row in rows for cell in row):
                with suppress(ValueError, TypeError, zlib.error):  # dlt's state
                    inside = zlib.decompress(base64.b64decode(cell))
                    yield f"{schema}.{name}", inside.decode()


def forms(secret):
    """All parts of the secret that would reveal it, in all encodings."""
    part = secret[len("sk-ant-admin01-") :] if secret == KEY else secret
    encoded = base64.b64encode(part.encode()).decode()[2:-4]
    return {part[:12], part[-12:], urllib.parse.quote(part)[:12], encoded[:12]}


def places(run, secret, allowed=r"(?!)"):
    """The places outside `allowed` that contain the secret, with context."""
    pattern = re.compile("|".join(map(re.escape, forms(secret))), re.IGNORECASE)
    return [
        f"{where}: {text[max(found.start() - 150, 0) : found.end() + 50]}"
        for where, text in written(run)
        if (found := pattern.search(text)) and not re.search(allowed, where)
    ]


FOR_EMAILS = (
    r"/usage_report[^/]*\.parquet$|\.duckdb(\.wal)?$"  # cells are searched separately
    r"|\.(usage_report|stg_usage|stg_model_usage|stg_tool_actions)$"
    r"|\.(stored_)?(user_|person_|budget_forecast_|cost_anomalies)\w*$"
)


@pytest.mark.parametrize("kind", KINDS, ids=" - ".join)
def test_no_key_comes_out(runs, kind):
    """Neither whole nor in part, in output, logs, files or tables."""
    name, _ = kind

    assert CASES[name].code == runs[kind].code, runs[kind].output[-3000:]
    assert name.startswith("bug in") <= ("planted" in runs[kind].output)
    assert [] == places(runs[kind], KEY)


@pytest.mark.parametrize("kind", KINDS, ids=" - ".join)
def test_no_password_and_no_email_comes_out(runs, kind):
    """Emails are only in the usage tables and the files they are loaded from."""
    name, _ = kind

    assert [] == places(runs[kind], PASSWORD)
    if "with locals" not in name:  # these are the data itself
        assert [] == places(runs[kind], EMAIL, FOR_EMAILS)


def test_the_search_finds_what_there_is(runs):
    """The search finds emails in tables, in the package's files and in views."""
    done = next(run for (name, _), run in runs.items() if name == "all is well")
    found = {place.partition(": ")[0] for place in places(done, EMAIL)}
    names = {re.sub(r".*[/.](\w+\..*)", r"\1", place) for place in found}

    assert "claude_code.usage_report" in found
    assert "claude_code_marts.user_cost_daily" in found
    assert any(name.endswith(".parquet") for name in names)


def test_a_run_is_as_talkative_as_can_be(runs):
    """Logs of dlt, httpx and asyncio, a trace and the state exist."""
    done = next(run for (name, _), run in runs.items() if name == "all is well")
    files = {where.rpartition("/")[2] for where, _ in written(done)}

    assert {"trace.pickle", "state.json", "ccwarehouse.duckdb"} <= files
    assert all(text in done.output for text in ("[DEBUG]", "httpx", "asyncio"))
