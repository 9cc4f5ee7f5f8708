"""What the tests of the running service share."""

from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser
from tools.chromium import CHROMIUM, chromium
from tools.jwt_settings import token_of
from tools.server import launch


@pytest.fixture(scope="module")
def service(database_url, tmp_path_factory) -> Iterator[str]:
    """The address of a server that a module's tests share."""
    url = database_url.set(drivername="postgres").render_as_string(hide_password=False)
    settings = {"DATABASE_URL": url, "AUTH": "none", "WEB_CONCURRENCY": 1}
    server = launch(tmp_path_factory.mktemp("service"), **settings)
    yield server.url
    server.stop()


@pytest.fixture
def base(service, user) -> str:
    """The address of a user on it."""
    return f"{service}/api/{user}"


@pytest.fixture
def api(server, user) -> requests.Session:
    """Requests with a token for the tasks of a user of `server`; `api.url` is where they are."""
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {token_of(user)}"
    session.url = f"{server.url}/api/{user}/tasks"
    return session


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    with chromium() as browser:
        yield browser
