"""The database: an engine with a bounded pool, and one way to run one statement."""

from __future__ import annotations

import random
import select
import time
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask import Flask, current_app
from gevent import monkey
from psycopg2 import extensions
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from tasks_api.config import Config

# The whole statement was rolled back and may be run again: serialization failure, deadlock.
RETRIED = frozenset({"40001", "40P01"})
ATTEMPTS = 5

# SQLSTATE classes and codes that say "not now": connection exceptions, lack of resources,
# operator intervention (shutdown, statement timeout); read-only (a failover), lock not available.
UNAVAILABLE = ("08", "53", "57", "25006", "55P03")
# A table or column that isn't there.
NOT_MIGRATED = frozenset({"42P01", "42703"})

# A page of 50 tasks has 100 UUIDs, which would be made only to be written out again.
UUID_AS_TEXT = extensions.new_type((2950,), "UUID", extensions.UNICODE)

# gevent's select.poll runs the event loop even for a wait of zero; this is the plain system call.
_poll = monkey.get_original("select", "poll")


class DatabaseUnavailable(Exception):
    """The database can't answer now. Nothing is known to be wrong with the request."""


class NotMigrated(DatabaseUnavailable):
    """The database answers, but lacks a migration that this code needs."""


def init_app(app: Flask, url: sa.URL, config: Config) -> None:
    """Give the app an engine. Nothing connects before the first statement."""
    app.extensions["engine"] = new_engine(
        url,
        statement_timeout_ms=config.statement_timeout_ms,
        pool_size=config.database_pool_size,
        max_overflow=0,
        pool_timeout=3,
        pool_use_lifo=True,
    )


def new_engine(url: sa.URL, *, statement_timeout_ms: int = 0, **options: Any) -> sa.Engine:
    """Make an engine whose connections are in autocommit mode.

    Args:
        statement_timeout_ms: sent as a start-up option; 0 sends none, which is what a PgBouncer
            that doesn't ignore start-up options needs.
        options: passed on to `sqlalchemy.create_engine`.
    """
    connect_args: dict[str, Any] = {
        "application_name": "tasks-api",
        "client_encoding": "utf8",
        "connect_timeout": 5,
    }
    if statement_timeout_ms:
        given = url.query.get("options", "")
        connect_args["options"] = f"{given} -c statement_timeout={statement_timeout_ms}".strip()
    engine = sa.create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        # In autocommit mode there is nothing to roll back when a connection is given back.
        pool_reset_on_return=None,
        # Looking for the hstore type would be one more round trip on each connection.
        use_native_hstore=False,
        connect_args=connect_args,
        **options,
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "checkout", _replace_if_closed)
    return engine


def execute(
    statement: sa.Executable, parameters: Mapping[str, Any] | None = None
) -> Sequence[sa.Row[Any]]:
    """Run one statement in a transaction of its own; give the rows that it returns.

    Where the database rolled it back whole for the sake of another transaction, it is run again.
    A connection lost half-way is not: the write may have happened.

    Raises:
        DatabaseUnavailable: no connection, none free in time, or the database is shutting down,
            read-only, out of resources or too slow.
        NotMigrated: a table or a column is missing.
    """
    engine: sa.Engine = current_app.extensions["engine"]
    for attempt in range(ATTEMPTS):
        try:
            with engine.connect() as connection:
                return connection.execute(statement, parameters).all()
        except PoolTimeoutError as error:
            raise DatabaseUnavailable("no connection was free in time") from error
        except DBAPIError as error:
            code = getattr(error.orig, "pgcode", None)
            if code in RETRIED:
                time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311
                continue
            if code in NOT_MIGRATED:
                raise NotMigrated("the database lacks a migration") from error
            if _is_unavailable(error, code):
                raise DatabaseUnavailable("the database is away or ailing") from error
            raise
    raise DatabaseUnavailable(f"gave way to other transactions {ATTEMPTS} times")


def _is_unavailable(error: DBAPIError, code: str | None) -> bool:
    # libpq gives no code where the server couldn't be asked, or went away.
    if code is None:
        return isinstance(error, OperationalError) or error.connection_invalidated
    return code.startswith(UNAVAILABLE)


def _prepare(connection: Any, _record: object) -> None:
    """Let a connection give what goes out as it is: timestamps in UTC, UUIDs as text."""
    extensions.register_type(UUID_AS_TEXT, connection)
    # Few servers are set to anything else, so this seldom costs anything.
    if connection.info.parameter_status("TimeZone") not in {"UTC", "Etc/UTC", "GMT"}:
        with connection.cursor() as cursor:
            cursor.execute("SET TIME ZONE 'UTC'")


def _replace_if_closed(connection: Any, record: Any, _proxy: object) -> None:
    """Replace an idle connection that the server has closed, before a statement is lost on it.

    A server that goes away says so, or at least closes the socket: an idle connection with
    something to read is a dead one. This asks the kernel, where `pool_pre_ping` would ask the
    server, a round trip for each statement.
    """
    if "used" not in record.info:
        record.info["used"] = True
        return
    waiting = _poll()
    waiting.register(connection.fileno(), select.POLLIN)
    if waiting.poll(0):
        raise InvalidatePoolError("the server has closed the connection")
