"""A Postgres server of the tests' own, on a free port of this machine."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which

MISSING = "These tests need the programs of Postgres: install postgresql (Debian)."


def program(name: str) -> str:
    """Where a server program of Postgres is; Debian keeps them out of the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    path = which(name) if not found else str(found[-1])
    assert path, MISSING
    return path


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """A running server; yields the connection string of its database."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # the server refuses to run as root
    user = "postgres" if os.geteuid() == 0 else None
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
