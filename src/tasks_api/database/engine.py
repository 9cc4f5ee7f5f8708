"""The engine: a bounded pool of connections in autocommit mode."""

from __future__ import annotations

import select
from typing import Any

import sqlalchemy as sa
from gevent import monkey
from psycopg2 import extensions
from sqlalchemy import event
from sqlalchemy.exc import InvalidatePoolError

from tasks_api.config import Config
from tasks_api.database.pool import SharingPool

# How many seconds a request waits for a free connection.
POOL_TIMEOUT = 3
# How many seconds the database's machine may take to acknowledge what it is sent.
CONNECT_TIMEOUT = 5
# The lengths of a time of day in seconds, and in microseconds.
SECONDS, MICROSECONDS = len("20:45:00"), len("20:45:00.123456")
UTC_NAMES = frozenset({"UTC", "Etc/UTC", "GMT"})

# gevent's select.poll runs the event loop even for a wait of zero; this is the plain system call.
_poll = monkey.get_original("select", "poll")


class Connection(extensions.connection):
    """A connection that knows which statements PostgreSQL has prepared on it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.prepared: set[str] = set()


def pooled_engine(url: sa.URL, config: Config) -> sa.Engine:
    """Return the engine that serves requests. Nothing connects before the first statement."""
    engine = new_engine(
        url,
        statement_timeout_ms=config.statement_timeout_ms,
        poolclass=SharingPool,
        pool_size=config.database_pool_size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT,
        # The connection that was used last has the most statements prepared.
        pool_use_lifo=True,
    )
    event.listen(engine, "connect", _return_json)
    event.listen(engine, "checkout", _replace_if_closed)
    return engine


def new_engine(url: sa.URL, *, statement_timeout_ms: int = 0, **options: Any) -> sa.Engine:
    """Return an engine whose connections are in autocommit mode.

    Args:
        statement_timeout_ms: sent as a start-up option; 0 sends none, which is what a PgBouncer
            that doesn't ignore start-up options needs.
        options: passed on to `sqlalchemy.create_engine`.
    """
    connect_args: dict[str, Any] = {
        "application_name": "tasks-api",
        "client_encoding": "utf8",
        "connect_timeout": CONNECT_TIMEOUT,
        # Where gevent waits, libpq ignores connect_timeout. This makes the kernel give up a host
        # that is gone, so that libpq goes on to the next one of the URL.
        "tcp_user_timeout": CONNECT_TIMEOUT * 1000,
        "connection_factory": Connection,
    }
    if statement_timeout_ms:
        given = url.query.get("options", "")
        connect_args["options"] = f"{given} -c statement_timeout={statement_timeout_ms}".strip()
    engine = sa.create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        # In autocommit mode there is nothing to roll back when a connection returns to the pool.
        pool_reset_on_return=None,
        # Looking for the hstore type would be one more round trip on each connection.
        use_native_hstore=False,
        connect_args=connect_args,
        **options,
    )
    event.listen(engine, "connect", _use_utc)
    return engine


def _rfc_3339(value: Any, _cursor: object) -> str | None:
    """Write PostgreSQL's `2026-01-08 20:45:00.1234+00` as RFC 3339 does (section 5.6)."""
    if value is None:
        return None
    date, time = value[:10], value[11:-3]
    # PostgreSQL leaves out zeros at the end of a fraction.
    return f"{date}T{time if len(time) == SECONDS else time.ljust(MICROSECONDS, '0')}Z"


# By the OIDs of the types, which are the same in every PostgreSQL.
JSON_TYPES = (
    extensions.new_type((2950,), "UUID", extensions.UNICODE),
    extensions.new_type((1184,), "TIMESTAMPTZ", _rfc_3339),
)


def _return_json(connection: Connection, _record: object) -> None:
    """Make a connection return UUIDs and timestamps as JSON has them.

    A page of 50 tasks has 100 UUIDs and 200 timestamps. They would become objects only to be
    written as text again.
    """
    for kind in JSON_TYPES:
        extensions.register_type(kind, connection)


def _use_utc(connection: Connection, _record: object) -> None:
    # Few servers have another time zone, so this round trip is rare.
    if connection.info.parameter_status("TimeZone") not in UTC_NAMES:
        with connection.cursor() as cursor:
            cursor.execute("SET TIME ZONE 'UTC'")


def _replace_if_closed(connection: Connection, record: Any, _proxy: object) -> None:
    """Replace an idle connection that the server has closed, before a statement is lost on it.

    A server that ends says so, or at least closes the socket: an idle connection with something to
    read is dead. This asks the kernel; `pool_pre_ping` would ask the server, which is a round trip
    for each statement.
    """
    if "used" not in record.info:
        record.info["used"] = True
        return
    waiting = _poll()
    waiting.register(connection.fileno(), select.POLLIN)
    if waiting.poll(0):
        raise InvalidatePoolError("the server has closed the connection")
