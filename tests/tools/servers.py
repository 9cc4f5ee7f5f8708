"""Servers that end with their test, or with the last test of its module."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tools.server import ROOT, Server, launch


@contextmanager
def serving(directory: Path) -> Iterator[Callable[..., Server]]:
    """Yield what starts gunicorn, with one worker unless told otherwise; end all at the end."""
    started: list[Server] = []

    def start(*, tree: Path = ROOT, **settings: object) -> Server:
        server = launch(directory, tree=tree, **{"WEB_CONCURRENCY": 1, **settings})
        started.append(server)
        return server

    try:
        yield start
    finally:
        for server in started:
            if server.process.poll() is None:
                server.stop()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start gunicorn with the given settings; it is ended with the test."""
    with serving(tmp_path) as start:
        yield start


@pytest.fixture(scope="module")
def serve_to_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Start gunicorn for all tests of a module."""
    with serving(tmp_path_factory.mktemp("servers")) as start:
        yield start


@pytest.fixture(scope="session")
def on_database(database_url) -> dict[str, str]:
    """The settings that a deployment on the tests' database has."""
    url = database_url.set(drivername="postgres").render_as_string(hide_password=False)
    return {"DATABASE_URL": url, "AUTH": "none"}
