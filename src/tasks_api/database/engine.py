"""The engine, which opens connections in autocommit mode, and a bounded pool of these."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from gevent_postgres.pool import Pool
from tasks_api.database.connection import SETTINGS, Connection
from tasks_api.database.statements import return_json

# How many seconds a request waits for a free connection.
POOL_TIMEOUT = 3
# How many seconds the database's machine may take to acknowledge what it is sent.
CONNECT_TIMEOUT = 5


def new_pool(engine: sa.Engine, size: int) -> Pool:
    """Return a pool of an engine's connections. Nothing connects before the first is taken."""

    event.listen(engine, "connect", return_json)

    def connect() -> Any:
        connection = engine.raw_connection()
        # It isn't SQLAlchemy's any more: its own pools do more for each statement than is needed.
        connection.detach()
        return connection.dbapi_connection

    return Pool(connect, size=size, timeout=POOL_TIMEOUT)


def new_engine(url: sa.URL, *, statement_timeout_ms: int = 0) -> sa.Engine:
    """Return an engine whose connections are in autocommit mode, and are closed after their use.

    Args:
        statement_timeout_ms: after which PostgreSQL ends a statement; 0 means never.
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
        poolclass=sa.NullPool,
        # Looking for the hstore type would be one more round trip on each connection.
        use_native_hstore=False,
        connect_args=connect_args,
    )
    event.listen(engine, "connect", lambda connection, _record: connection.pin(settings))
    return engine
