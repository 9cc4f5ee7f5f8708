"""A request names its host, and its path is one path."""

from urllib.parse import unquote

import pytest
from prometheus_client import REGISTRY
from tools.jwt_settings import WITH_SECRET, as_fields
from werkzeug.test import EnvironBuilder, run_wsgi_app

from tasks_api.app import create_app
from tasks_api.config import Config


@pytest.fixture
def ask(app):
    """Ask past the test client, which puts a host and a path right. None leaves a member out."""

    def ask(**members):
        environ = EnvironBuilder().get_environ() | members
        given = {name: value for name, value in environ.items() if value is not None}
        body, status, headers = run_wsgi_app(app, given)
        return int(status[:3]), headers, b"".join(body)

    return ask


@pytest.mark.parametrize("host", [None, "a b", "a/b", "a@b", "[::1", "a:b", "\xe9", "a,b/"])
def test_request_for_no_host_is_a_400(ask, host):
    status, headers, body = ask(PATH_INFO="/health", HTTP_HOST=host)
    assert (status, headers["Content-Type"]) == (400, "application/problem+json")
    assert headers["X-Request-Id"].encode() in body


@pytest.mark.parametrize("host", ["", "localhost", "localhost:8000", "[::1]:80", "a_b.example"])
def test_request_for_any_host_is_served(ask, host):
    assert ask(PATH_INFO="/health", HTTP_HOST=host)[0] == 200


def test_only_http_1_0_may_leave_out_the_host(ask):
    assert ask(PATH_INFO="/health", HTTP_HOST=None, SERVER_PROTOCOL="HTTP/1.0")[0] == 200


@pytest.mark.parametrize("path", ["", "/"])
def test_root_leads_to_a_page_of_this_host_however_the_client_names_it(ask, path):
    # `GET http://evil.example HTTP/1.1` has no path at all.
    status, headers, _ = ask(PATH_INFO=path, HTTP_HOST="evil.example")
    assert (status, headers["Location"]) == (302, "/docs")


@pytest.mark.parametrize(
    "path", ["//", "//health", "///health", "//docs", "//api/{user}/tasks", "api/{user}/tasks"]
)
def test_path_that_does_not_begin_with_one_slash_is_another_one(ask, user, path):
    status, headers, _ = ask(PATH_INFO=path.format(user=user))
    assert (status, headers["Content-Type"]) == (404, "application/problem+json")


# Each decodes to the path of a user's tasks, once or again and again.
ENCODED = [
    "/api%2F{user}%2Ftasks",
    "/api%2f{user}/tasks",
    "%2Fapi/{user}/tasks",
    "/api%252F{user}/tasks",
    "/%61pi/{user}/tasks",
    "/%2561pi/{user}/tasks",
    "/api/{user}/%74asks",
    "/ap%69/{user}/task%73",
]


def decode(path):
    return unquote(path, "latin-1")


@pytest.mark.parametrize("member", ["RAW_URI", "REQUEST_URI"])
@pytest.mark.parametrize("path", ENCODED)
def test_path_is_what_the_client_wrote_and_not_what_it_decodes_to(ask, user, path, member):
    raw = {"RAW_URI": None, "REQUEST_URI": None, member: path.format(user=user) + "?limit=1"}
    status, headers, _ = ask(PATH_INFO=decode(path.format(user=user)), **raw)
    assert (status, headers["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("raw", ["/api/{user}/tasks?q=%2F", "http://h%C3%A9/api/{user}/tasks"])
def test_percent_signs_beside_the_path_change_nothing(ask, user, raw):
    assert ask(PATH_INFO=f"/api/{user}/tasks", RAW_URI=raw.format(user=user))[0] == 200


@pytest.mark.parametrize("prefix", ["/todo", "/to%20do"])
def test_path_of_a_service_below_another_path_is_read_alike(ask, user, prefix):
    below = {"SCRIPT_NAME": decode(prefix), "PATH_INFO": f"/api/{user}/tasks"}
    assert ask(**below, RAW_URI=f"{prefix}/api/{user}/tasks")[0] == 200
    assert ask(**below, RAW_URI=f"{prefix}/api%2F{user}/tasks")[0] == 404


def test_server_that_does_not_say_what_the_client_wrote_is_believed(ask, user):
    assert ask(PATH_INFO=f"/api/{user}/tasks", RAW_URI=None, REQUEST_URI=None)[0] == 200


def test_encoded_path_needs_a_token_where_the_decoded_one_does(database_url, user):
    client = create_app(Config(database_url=database_url, **as_fields(WITH_SECRET))).test_client()
    assert client.get(f"/api%2F{user}/tasks").status_code == 401


def test_encoded_path_is_not_measured_as_the_decoded_one(client, user):
    count = "tasks_api_request_duration_seconds_count"
    labels = {"method": "GET", "route": "none", "status": "404"}
    before = REGISTRY.get_sample_value(count, labels) or 0
    assert client.get(f"/api%2F{user}/tasks").status_code == 404
    assert REGISTRY.get_sample_value(count, labels) == before + 1
