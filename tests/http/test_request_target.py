"""A request says whom it is for, and its path is one path."""

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app


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


@pytest.mark.parametrize("path", ["//", "//health", "///health", "//docs", "//api/{user}/tasks"])
def test_path_with_two_slashes_at_its_front_is_another_one(ask, user, path):
    status, headers, _ = ask(PATH_INFO=path.format(user=user))
    assert (status, headers["Content-Type"]) == (404, "application/problem+json")
