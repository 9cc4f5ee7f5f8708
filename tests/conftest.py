"""Fixtures: a real PostgreSQL, the application on it, and a user nobody else has."""

import atexit
import json
import logging.config
import os
import shutil
import signal
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
from hypothesis import settings
from tools.databases import AHEAD, connect, new_database
from tools.log_watch import watch
from tools.wire import Sent, Wire

from tasks_api import local_database
from tasks_api.app import create_app
from tasks_api.config import Config, from_environ
from tasks_api.database import migrations
from tasks_api.database.engine import new_engine
from tasks_api.http.log import logging_config

pytest_plugins = ["tools.http_proxies", "tools.servers"]

EXAMPLE_TITLE = "Buy oat milk"
# By this, coverage follows into other processes.
PROGRAMS_ARE_MEASURED = "COVERAGE_PROCESS_CONFIG"
HOW_PROGRAMS_ARE_MEASURED = pytest.StashKey[str]()
# The rooms whose tests wait for servers.
LONGEST = {"live", "gunicorn_deadlines", "local_postgres"}

# How much `make test-long` tries of what is true of all inputs; by default, it is 100 inputs.
settings.register_profile("long", max_examples=1000, deadline=None)
# No test depends on how long something takes.
settings.register_profile("default", deadline=None)


def pytest_configure() -> None:
    """Let Ctrl-C end what the tests start, also where a shell has started them in the background.

    There it is ignored (POSIX, "Asynchronous Lists"), which each process inherits.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that several processes end at the same time."""
    items.sort(key=lambda item: LONGEST.isdisjoint(item.path.parts))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Measure the programs that a test starts only if it says so: it doubles what they cost."""
    if config := os.environ.pop(PROGRAMS_ARE_MEASURED, None):
        item.config.stash[HOW_PROGRAMS_ARE_MEASURED] = config
    if item.get_closest_marker("measured") and HOW_PROGRAMS_ARE_MEASURED in item.config.stash:
        os.environ[PROGRAMS_ARE_MEASURED] = item.config.stash[HOW_PROGRAMS_ARE_MEASURED]


watch.install()


@pytest.fixture(autouse=True)
def log_that_names_nobody() -> Iterator[None]:
    """Fail each test in which an id, an address, a secret or a text of a user is logged."""
    yield
    assert watch.take() == []


@pytest.fixture(scope="session")
def database_url() -> Iterator[sa.URL]:
    """A migrated database: a new one on TEST_DATABASE_URL's server, or on one of the tests' own."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        server = from_environ({"DATABASE_URL": given, "AUTH": "none"}).database_url
        with new_database(server) as url:
            migrations.upgrade(new_engine(url))
            yield url
        return
    # pytest's own temporary directories may be removed by another run while the server uses them.
    # What is registered last runs first: the server is stopped before its data is removed.
    directory = tempfile.mkdtemp(prefix="tasks-api-")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    yield local_database.start(Path(directory))


@pytest.fixture(scope="module")
def own_database(database_url: sa.URL) -> Iterator[sa.URL]:
    """A migrated database of a module's own: what goes through all users finds only its users."""
    with new_database(database_url) as url:
        migrations.upgrade(new_engine(url))
        yield url


@pytest.fixture(scope="session")
def wire() -> Wire:
    """What `app` sends to PostgreSQL."""
    return Wire()


@pytest.fixture(scope="session")
def app(database_url: sa.URL, wire: Wire) -> Flask:
    app = create_app(Config(database_url=database_url, log_format="json"))
    wire.tap(app)
    return app


@pytest.fixture(scope="session")
def database(database_url: sa.URL) -> Iterator[sa.Connection]:
    """A connection of the tests' own, for looking behind the application."""
    with connect(database_url) as connection:
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
def statements(app: Flask, wire: Wire) -> Iterator[list[Sent]]:
    """Every statement that the application sends, as PostgreSQL gets it."""
    with wire.recorded() as sent:
        yield sent


@pytest.fixture
def empty_database(database_url: sa.URL) -> Iterator[sa.URL]:
    """A database without anything in it."""
    with new_database(database_url) as url:
        yield url


@pytest.fixture
def ahead(empty_database: sa.URL) -> sa.URL:
    """A database that a newer release has migrated."""
    migrations.upgrade(new_engine(empty_database))
    with connect(empty_database) as connection:
        connection.execute(sa.text(f"UPDATE alembic_version SET version_num = '{AHEAD}'"))
    return empty_database


@pytest.fixture
def allow(database: sa.Connection, database_url: sa.URL) -> Iterator[Callable[[int], sa.URL]]:
    """Make a role that may have a number of connections at once; return its address."""
    roles = []

    def make(number: int) -> sa.URL:
        roles.append(name := f"r{uuid4().hex}")
        limit = f"CREATE ROLE {name} LOGIN PASSWORD 'x' CONNECTION LIMIT {number}"
        database.execute(sa.text(limit))
        rights = "SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public"
        database.execute(sa.text(f"GRANT {rights} TO {name}"))
        return database_url.set(username=name, password="x")

    yield make
    for name in roles:
        database.execute(sa.text(f"DROP OWNED BY {name}"))
        database.execute(sa.text(f"DROP ROLE {name}"))


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
    logging.config.dictConfig(logging_config("INFO", "json"))
    [handler] = [h for h in logging.getLogger().handlers if h.name == "lines"]
    monkeypatch.setattr(handler, "stream", Stdout())
    lines: list[str] = []

    def read() -> list[dict[str, Any]]:
        lines.extend(capsys.readouterr().out.splitlines())
        return [json.loads(line) for line in lines]

    return read
