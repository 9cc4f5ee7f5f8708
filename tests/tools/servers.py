"""Servers that end with their test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools.server import ROOT, Server, launch


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start gunicorn with the given settings; it is ended with the test."""
    started: list[Server] = []

    def start(*, tree: Path = ROOT, **settings: object) -> Server:
        server = launch(tmp_path, tree=tree, **{"WEB_CONCURRENCY": 2, **settings})
        started.append(server)
        return server

    yield start
    for server in started:
        if server.process.poll() is None:
            server.stop()


@pytest.fixture
def on_database(database_url) -> dict[str, str]:
    """The settings that a deployment on the tests' database has."""
    url = database_url.set(drivername="postgres").render_as_string(hide_password=False)
    return {"DATABASE_URL": url, "AUTH": "none"}
