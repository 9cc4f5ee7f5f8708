"""One way to run one statement: what is tried again, and what counts as unavailable."""

import logging
import math
import random
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

import psycopg2
import sqlalchemy as sa
from flask import Flask, current_app
from psycopg2.errors import CheckViolation, ReadOnlySqlTransaction

from gevent_postgres.line import NoConnection
from tasks_api.database import failures, metrics
from tasks_api.database.connection import Connection
from tasks_api.database.engine import new_engine, new_pool
from tasks_api.database.failures import (
    ConstraintViolated,
    DatabaseUnavailable,
    NotMigrated,
    StatementRefused,
)
from tasks_api.database.statements import Row, Statement

ATTEMPTS = 5
# After this many seconds without a failure, the database counts as working again.
QUIET = 10.0

# How many causes are logged, and remembered, until the database works again.
CAUSES_MAX = 20

logger = logging.getLogger("tasks_api.database")


class Database:
    """The engine of an app, and what is wrong with its database.

    Args:
        prepare: whether statements are prepared on their connections.
        size: how many connections there are at most.
        time_limit: how many seconds a statement may take.
        now: a clock that only goes forward, in seconds.
    """

    def __init__(
        self,
        engine: sa.Engine,
        *,
        prepare: bool,
        size: int = 1,
        time_limit: float = math.inf,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.engine = engine
        self.pool = new_pool(engine, size)
        self.prepare = prepare
        self.time_limit = time_limit
        self._now = now
        # The causes that were logged since it last worked.
        self._causes: set[str] = set()
        self._failed_at = 0.0

    def connect(self) -> None:
        """Open a first connection, if the database can be reached."""
        with suppress(NoConnection, psycopg2.Error):
            self.pool.give_back(self.pool.take())

    def execute(self, statement: Statement, parameters: dict[str, Any]) -> list[Row]:
        """Run one statement in a transaction of its own; return its rows.

        If the database rolled it back in favour of another transaction, it is run again. If the
        connection was lost half-way, it is not: the write may have happened.

        Raises:
            DatabaseUnavailable: no connection, none free in time, or the database is shutting down,
                read-only, out of resources or too slow.
            NotMigrated: a table or a column is missing.
            ConstraintViolated: a CHECK constraint doesn't allow it.
            StatementRefused: anything else.
        """
        prepare = self.prepare
        for attempt in range(ATTEMPTS):
            try:
                rows = self._attempt(statement, parameters, prepare=prepare)
            except NoConnection:
                metrics.NO_CONNECTION.inc()
                raise self._unavailable("no connection of the pool was free in time") from None
            except CheckViolation as error:
                # The client may be wrong, so this is no failure.
                raise ConstraintViolated(error.diag.constraint_name or "") from None
            except psycopg2.Error as error:
                metrics.FAILURES.labels(error.pgcode or "none").inc()
                if error.pgcode in failures.ROLLED_BACK:
                    time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311
                elif prepare and error.pgcode in {failures.NOT_PREPARED, failures.NOT_SUPPORTED}:
                    # Nothing was done yet.
                    prepare = False
                    if error.pgcode == failures.NOT_PREPARED:
                        # A pooler may use another session for each transaction.
                        self.prepare = False
                elif error.pgcode != failures.PREPARED_ALREADY:
                    raise self._failure(error) from None
            else:
                if self._causes:
                    self._succeed()
                return rows
        raise self._unavailable(f"rolled back in favour of other transactions {ATTEMPTS} times")

    def _attempt(
        self, statement: Statement, parameters: dict[str, Any], *, prepare: bool
    ) -> list[Row]:
        holder = parameters.get("user_id")
        connection = self._take_connection(holder)
        metrics.IN_USE.inc()
        began = time.perf_counter()
        try:
            return statement.run(connection, parameters, prepare=prepare)
        except ReadOnlySqlTransaction:
            # The next connection may find, among the hosts of the URL, the one that takes writes.
            connection.close()
            raise
        finally:
            metrics.STATEMENTS.observe(time.perf_counter() - began)
            metrics.IN_USE.dec()
            self.pool.give_back(connection, holder)

    def _take_connection(self, holder: object) -> Connection:
        began = time.perf_counter()
        try:
            return cast("Connection", self.pool.take(holder))
        finally:
            if (waited := time.perf_counter() - began) > metrics.WAIT_SECONDS:
                metrics.WAITS.observe(waited)

    def _failure(self, error: psycopg2.Error) -> Exception:
        code = error.pgcode
        if code in failures.NOT_MIGRATED:
            return NotMigrated("the database lacks a migration")
        if failures.is_temporary(error):
            [line, *_] = str(error).strip().splitlines() or [type(error).__name__]
            return self._unavailable(f"{line} (SQLSTATE {code or 'none'})")
        return StatementRefused(f"{type(error).__name__}, SQLSTATE {code}")

    def _unavailable(self, cause: str) -> DatabaseUnavailable:
        """Log a cause when it is new: one line for each change of state, not for each request."""
        if cause not in self._causes and len(self._causes) < CAUSES_MAX:
            logger.warning("the database can't be used: %s", cause)
            self._causes.add(cause)
        self._failed_at = self._now()
        return DatabaseUnavailable(cause)

    def _succeed(self) -> None:
        # Between failures, some requests may succeed.
        if self._now() - self._failed_at >= QUIET:
            self._causes.clear()
            logger.warning("the database can be used again")


def init_app(
    app: Flask, url: sa.URL, *, pool_size: int, statement_timeout_ms: int, prepare: bool
) -> None:
    """Connect the app to its database, when the first statement is run."""
    app.extensions["database"] = Database(
        new_engine(url, statement_timeout_ms=statement_timeout_ms),
        prepare=prepare,
        size=pool_size,
        time_limit=statement_timeout_ms / 1000 or math.inf,
    )


def execute(statement: Statement, **parameters: Any) -> list[Row]:
    """Run a statement on the current app's database, as `Database.execute` does."""
    return _database().execute(statement, parameters)


def time_limit() -> float:
    """Return how many seconds a statement may take on the current app's database."""
    return _database().time_limit


def _database() -> Database:
    return cast("Database", current_app.extensions["database"])
