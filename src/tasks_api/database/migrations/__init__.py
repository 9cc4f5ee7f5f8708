"""Migrations, run by Alembic: `flask --app wsgi db upgrade`.

Their revisions are numbers, `0001`, `0002`, …, whose order as text is that of the migrations. So a
release that meets a revision it doesn't know can tell that the database is ahead of it. Each
migration leaves the release before it working, which may go on serving, or be returned to.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from psycopg2.errors import LockNotAvailable
from sqlalchemy import event

from tasks_api.database.connection import Connection
from tasks_api.database.failures import MigrationError
from tasks_api.database.readiness import HEAD, NOT_UTF8

# The package's own directory, which has the migrations and their template.
SCRIPTS = "tasks_api.database:migrations"
# Any number that no other program uses on the same database.
ADVISORY_LOCK = 7_415_820_316
# A migration that gets no lock in this time fails, so that requests don't queue behind it.
LOCK_TIMEOUT = "5s"
TIMEOUTS = {
    "lock_timeout": LOCK_TIMEOUT,
    "statement_timeout": "15min",
    # The transaction that holds the advisory lock is idle.
    "idle_in_transaction_session_timeout": "0",
}
# How many seconds to wait for another run of the migrations.
LOCK_WAIT = 60.0


def upgrade(engine: sa.Engine, revision: str = "head") -> None:
    """Migrate up. Safe to run from many places at once: one does the work, the others wait.

    A database that a newer release has migrated stays as it is.

    Raises:
        MigrationError: another one has been running for a minute; or a transaction of somebody else
            has kept a lock from this one; or the database isn't in UTF8; or there is no such
            revision.
    """
    with _lone_connection(engine) as connection:
        encoding = connection.scalar(sa.text("SHOW server_encoding"))
        if encoding != "UTF8":
            raise MigrationError(NOT_UTF8.format(encoding))
        applied = MigrationContext.configure(connection).get_current_revision()
        connection.rollback()
        if (applied or "") <= HEAD:
            command.upgrade(_alembic(connection), revision)


def downgrade(engine: sa.Engine, revision: str) -> None:
    """Migrate down, to a revision or by steps (`-1`); raises as `upgrade` does."""
    with _lone_connection(engine) as connection:
        command.downgrade(_alembic(connection), revision)


def revision(message: str) -> None:
    """Write an empty migration that follows the newest, from `script.py.mako`; print its path."""
    ScriptDirectory.from_config(_alembic()).generate_revision(f"{int(HEAD) + 1:04}", message)


def current(engine: sa.Engine) -> str | None:
    """Return the revision that the database is at, or None."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _alembic(connection: sa.Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", SCRIPTS)
    config.attributes["connection"] = connection
    return config


@contextmanager
def _lone_connection(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Yield a connection to migrate on, while another one holds the advisory lock.

    It is a transaction's lock, not a session's, so that it works behind PgBouncer too. It is
    polled, because CREATE INDEX CONCURRENTLY waits for every running statement, and so also for one
    that waits for the lock: the two would wait for each other.
    """
    ask = sa.select(sa.func.pg_try_advisory_xact_lock(ADVISORY_LOCK))
    # The engine is in autocommit mode; migrations need transactions.
    engine = engine.execution_options(isolation_level="READ COMMITTED")
    with engine.connect() as holder, engine.connect() as connection:
        for each in (holder, connection):
            _set_timeouts(each)
        deadline = time.monotonic() + LOCK_WAIT
        while not holder.scalar(ask):
            holder.rollback()
            if time.monotonic() > deadline:
                raise MigrationError("another migration is still running")
            time.sleep(0.2)
        try:
            yield connection
        except CommandError as error:
            raise MigrationError(str(error)) from None
        except sa.exc.OperationalError as error:
            if not isinstance(error.orig, LockNotAvailable):
                raise
            raise MigrationError(
                f"a long transaction has kept a lock from it for {LOCK_TIMEOUT}; run it again "
                "when that has ended"
            ) from None


def _set_timeouts(connection: sa.Connection) -> None:
    """Bound each wait, whatever the server, the database or the role have set."""
    timeouts = "".join(f"SET {{0}} {name} = '{value}'; " for name, value in TIMEOUTS.items())
    before = cast("Connection", connection.connection.dbapi_connection).before
    if before:
        local = before + timeouts.format("LOCAL")
        event.listen(connection, "begin", lambda connection: connection.exec_driver_sql(local))
    else:
        # For CREATE INDEX CONCURRENTLY too, which can't be in a transaction.
        connection.exec_driver_sql(timeouts.format("SESSION"))
        connection.commit()
