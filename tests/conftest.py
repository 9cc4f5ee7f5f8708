"""Fixtures: a real PostgreSQL, the application on it, and a user nobody else has."""

from __future__ import annotations

import atexit
import json
import logging.config
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from tasks_api.app import create_app
from tasks_api.config import Config, from_environ
from tasks_api.database import embedded, migrations
from tasks_api.database.engine import new_engine
from tasks_api.http.request_log import logging_config

TASKS = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE|USING) tasks\b")
ONE_USER = re.compile(
    r"\b(?:tasks\.user_id|users\.id) = %\(user\)s"
    r"|INSERT INTO (?:users|idempotency_keys) \(\w+, [^)]+\) (?:VALUES \(|SELECT )%\(user\)s"
)

EXAMPLE_TITLE = "Buy oat milk"


@pytest.fixture(scope="session")
def database_url() -> sa.URL:
    """A migrated database: a new one on TEST_DATABASE_URL's server, or on one of the tests' own."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        url = from_environ({"DATABASE_URL": given, "AUTH": "none"}).database_url
        name = f"tasks_api_{uuid4().hex}"
        with new_engine(url, poolclass=sa.NullPool).connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
        url = url.set(database=name)
        migrations.upgrade(new_engine(url, poolclass=sa.NullPool))
        return url
    # pytest's own temporary directories may be removed by another run while the server uses them.
    # What is registered last runs first: the server is stopped before its data is removed.
    directory = tempfile.mkdtemp(prefix="tasks-api-")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return embedded.start(Path(directory))


@pytest.fixture(scope="session")
def app(database_url: sa.URL) -> Flask:
    app = create_app(Config(database_url=database_url))

    @event.listens_for(app.extensions["engine"], "before_cursor_execute")
    def check(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        assert names_one_user(statement), statement

    return app


def names_one_user(statement: str) -> bool:
    """Tell whether a statement names the one user for each mention of `tasks` in it."""
    return len(TASKS.findall(statement)) <= len(ONE_USER.findall(statement))


@pytest.fixture(scope="session")
def database(database_url: sa.URL) -> Iterator[sa.Connection]:
    """A connection of the tests' own, for looking behind the application."""
    with new_engine(database_url, poolclass=sa.NullPool).connect() as connection:
        yield connection


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def user() -> str:
    return str(uuid4())


@pytest.fixture
def path(user: str) -> str:
    """Where the user's tasks are."""
    return f"/api/{user}/tasks"


@pytest.fixture
def make_task(client: FlaskClient, path: str) -> Callable[..., dict[str, Any]]:
    def make(**members: Any) -> dict[str, Any]:
        response = client.post(path, json={"title": EXAMPLE_TITLE, **members})
        assert response.status_code == 201, response.text
        return response.json

    return make


@pytest.fixture
def statements(app: Flask) -> Iterator[list[str]]:
    """Every statement that the application sends, as PostgreSQL gets it."""
    sent: list[str] = []

    def record(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    engine = app.extensions["engine"]
    # Opening a connection asks the server some questions of its own; that is done before.
    engine.connect().close()
    event.listen(engine, "before_cursor_execute", record)
    yield sent
    event.remove(engine, "before_cursor_execute", record)


@pytest.fixture
def empty_database(database: sa.Connection) -> Iterator[sa.URL]:
    """A database without anything in it."""
    name = f"t{uuid4().hex}"
    database.execute(sa.text(f"CREATE DATABASE {name}"))
    yield database.engine.url.set(database=name)
    database.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


class Stdout:
    """What stdout is at the moment: pytest puts another one there before each test."""

    def write(self, text: str) -> None:
        sys.stdout.write(text)

    def flush(self) -> None:
        sys.stdout.flush()


@pytest.fixture
def log_lines(
    app: Flask, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[], list[dict[str, Any]]]:
    """All that has been logged since the test began."""
    logging.config.dictConfig(logging_config("INFO"))
    [handler] = [h for h in logging.getLogger().handlers if h.name == "stdout"]
    monkeypatch.setattr(handler, "stream", Stdout())
    lines: list[str] = []

    def read() -> list[dict[str, Any]]:
        lines.extend(capsys.readouterr().out.splitlines())
        return [json.loads(line) for line in lines]

    return read
