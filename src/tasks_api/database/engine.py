"""The engine: a bounded pool of connections in autocommit mode."""

from sys import maxsize
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from gevent_postgres.pool import Shares, SharingPool, replace_if_closed
from tasks_api.database.connection import SETTINGS, Connection
from tasks_api.database.statements import return_json

# How many seconds a request waits for a free connection.
POOL_TIMEOUT = 3
# How many seconds the database's machine may take to acknowledge what it is sent.
CONNECT_TIMEOUT = 5


def pooled_engine(url: sa.URL, *, size: int, statement_timeout_ms: int) -> sa.Engine:
    """Return the engine that serves requests. Nothing connects before the first statement."""
    engine = new_engine(
        url,
        statement_timeout_ms=statement_timeout_ms,
        poolclass=SharingPool,
        pool_size=size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT,
        # The connection that was used last has the most statements prepared.
        pool_use_lifo=True,
    )
    event.listen(engine, "connect", return_json)
    event.listen(engine, "checkout", replace_if_closed)
    return engine


def shares_of(engine: sa.Engine) -> Shares:
    """Return the shares that users have of an engine's pool; without one, each may have all."""

    def limit() -> int:
        return engine.pool.share() if isinstance(engine.pool, SharingPool) else maxsize

    return Shares(limit, POOL_TIMEOUT)


def new_engine(url: sa.URL, *, statement_timeout_ms: int = 0, **options: Any) -> sa.Engine:
    """Return an engine whose connections are in autocommit mode.

    Args:
        statement_timeout_ms: after which PostgreSQL ends a statement; 0 means never.
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
    settings = SETTINGS | {"statement_timeout": str(statement_timeout_ms)}
    if "search_path" in url.query.get("options", ""):
        del settings["search_path"]
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
    event.listen(engine, "connect", lambda connection, _record: connection.pin(settings))
    return engine
