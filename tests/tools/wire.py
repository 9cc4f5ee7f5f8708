"""The wire to PostgreSQL, tapped: what an application sends, as the server gets it."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from psycopg2 import extensions
from sqlalchemy import event

from gevent_postgres.pool import Pool
from tasks_api.tasks.upkeep import fold, purge

# Not the column in `IS DISTINCT FROM tasks.revision`.
TASKS = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE|USING) tasks\b(?!\.)")
# A user's id as a value, or as the parameter of a prepared statement.
_ID = r"(?:CAST\()?('[0-9a-f-]{36}'|\$\d+)"
ONE_USER = re.compile(
    rf"\b(?:tasks\.user_id|users\.id) = {_ID}"
    r"|INSERT INTO (?:users|idempotency_keys) \(\w+, [^)]+\) (?:VALUES \(|SELECT )" + _ID
)
# The purge asks who has something to purge, and how much there is; so does folding.
ABOUT_ALL = (purge.NEXT_USERS.name, purge.COUNT_OLD.name, fold.NEXT_UNFOLDED.name)


@dataclass(frozen=True)
class Sent:
    """A statement that was sent, the connection it went along, and how many rows it touched."""

    sql: str
    connection: extensions.connection
    rows: int

    def plan(self) -> list[dict[str, Any]]:
        """Run it once more on the same connection; return the nodes of PostgreSQL's plan for it."""
        with self.connection.cursor(cursor_factory=extensions.cursor) as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {self.sql}")
            [[[explained]]] = cursor.fetchall()
        return list(_nodes(explained["Plan"]))


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for inner in node.get("Plans", []):
        yield from _nodes(inner)


def engine_of(app: Flask) -> sa.Engine:
    """Return the engine that opens an application's connections."""
    return app.extensions["database"].engine


def pool_of(app: Flask) -> Pool:
    """Return the pool of an application's connections."""
    return app.extensions["database"].pool


def record_taken(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Record for which user each connection of an application is taken."""
    pool, recorded = pool_of(app), []
    take = pool.take

    def record(holder: object = None) -> extensions.connection:
        recorded.append(holder)
        return take(holder)

    monkeypatch.setattr(pool, "take", record)
    return recorded


@contextmanager
def taken(app: Flask) -> Iterator[extensions.connection]:
    """Take a connection of an application as long as the block runs."""
    pool = pool_of(app)
    connection = pool.take()
    try:
        yield connection
    finally:
        pool.give_back(connection)


class Wire:
    """Taps an application's connections, and checks that each statement is about one user.

    What is in `instead` is sent in place of the next statements: so PostgreSQL itself says no.
    """

    def __init__(self) -> None:
        self.instead: list[str] = []
        self._listeners: list[Callable[[Sent], None]] = []

    def tap(self, app: Flask) -> None:
        """Tap an application, before its first connection."""
        engine = engine_of(app)

        @event.listens_for(engine, "do_connect")
        def use_cursor(_dialect: Any, _record: Any, _args: Any, parameters: dict[str, Any]) -> None:
            parameters["cursor_factory"] = partial(_Cursor, self)

        # Opening the first connection asks the server some questions, which are no operation's.
        app.extensions["database"].connect()

    @contextmanager
    def recorded(self) -> Iterator[list[Sent]]:
        """Record what is sent meanwhile."""
        sent: list[Sent] = []
        self._listeners.append(sent.append)
        try:
            yield sent
        finally:
            self._listeners.remove(sent.append)

    def see(self, sent: Sent) -> None:
        assert names_one_user(sent.sql) or any(name in sent.sql for name in ABOUT_ALL), sent.sql
        for listener in self._listeners:
            listener(sent)


class _Cursor(extensions.cursor):
    def __init__(self, wire: Wire, *args: Any) -> None:
        super().__init__(*args)
        self._wire = wire

    def execute(self, query: Any, parameters: Any = None) -> None:
        if self._wire.instead:
            query, parameters = self._wire.instead.pop(0), None
        try:
            super().execute(query, parameters)
        finally:
            self._wire.see(Sent(self.query.decode(), self.connection, self.rowcount))


def names_one_user(sql: str) -> bool:
    """Return whether a statement names one and the same user for each mention of `tasks` in it."""
    users = [value or inserted for value, inserted in ONE_USER.findall(sql)]
    return len(TASKS.findall(sql)) <= len(users) and len(set(users)) <= 1
