"""Pages of the origins that are let in may call, see the headers, and be told of errors."""

import pytest
import sqlalchemy as sa
from flask import Flask
from tools.jwt_settings import WITH_SECRET, as_fields
from tools.wire import record_taken
from werkzeug.exceptions import Forbidden

from tasks_api.app import create_app
from tasks_api.config import Config

ORIGIN = "https://app.example"
OTHER = "http://[::1]:3000"
AUTH = as_fields(WITH_SECRET)
EXPOSED = {
    "ETag",
    "Idempotency-Replayed",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Request-Id",
    "X-Total-Count",
}


@pytest.fixture(scope="module")
def open_app(database_url) -> Flask:
    """The application that lets in two origins' pages, whoever their users are."""
    app = create_app(Config(database_url=database_url, cors_origins=(ORIGIN, OTHER)))

    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError

    @app.get("/forbidden")
    def forbidden() -> None:
        raise Forbidden

    return app


@pytest.fixture
def page(open_app):
    return open_app.test_client()


@pytest.fixture(scope="module")
def guarded_app(database_url) -> Flask:
    return create_app(Config(database_url=database_url, cors_origins=(ORIGIN,), **AUTH))


def preflight(client, path, method, headers, origin=ORIGIN):
    return client.options(
        path,
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": headers,
        },
    )


def listed(answer, header) -> set[str]:
    return set(answer.headers[header].split(", "))


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
def test_preflight_passes_without_a_token_and_without_the_database(
    guarded_app, path, method, monkeypatch
):
    touched = record_taken(guarded_app, monkeypatch)
    answer = preflight(guarded_app.test_client(), path, method, "authorization, content-type")
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert method in listed(answer, "Access-Control-Allow-Methods")
    assert listed(answer, "Access-Control-Allow-Headers") == {"authorization", "content-type"}
    assert answer.headers["Access-Control-Max-Age"] == "7200"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert touched == []


@pytest.mark.parametrize(
    ("method", "suffix"),
    [
        ("GET", "?limit=10&completed=true"),
        ("GET", "?cursor=x&sort=title"),
        ("DELETE", "?completed=true"),
        ("POST", "?not=declared"),
        ("POST", "/batch?not=declared"),
        ("GET", "/019bb1a2-7c5e-7d31-9c0a-3f2b8e6d4a10?not=declared"),
    ],
)
def test_preflight_passes_with_any_query(page, path, method, suffix):
    answer = preflight(page, path + suffix, method, "authorization")
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_pages_may_send_the_headers_of_the_contract_and_no_others(page, path):
    wanted = (
        "authorization,cache-control,content-type,if-match,if-none-match,idempotency-key,"
        "last-event-id,x-request-id,traceparent,tracestate,baggage"
    )
    answer = preflight(page, path, "POST", f"{wanted},x-other,cookie")
    assert listed(answer, "Access-Control-Allow-Headers") == set(wanted.split(","))


@pytest.mark.parametrize("origin", [ORIGIN, OTHER])
def test_answer_can_be_read_with_its_headers(page, path, origin):
    answer = page.post(path, json={"title": "x"}, headers={"Origin": origin})
    assert answer.status_code == 201
    assert answer.headers.getlist("Access-Control-Allow-Origin") == [origin]
    assert listed(answer, "Access-Control-Expose-Headers") == EXPOSED
    assert "Origin" in answer.vary


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://app.example",
        "https://app.example:8443",
        "https://app.example.evil.example",
        "https://evil-app.example",
        "https://appxexample",
        "https://sub.app.example",
        "https://app.example/",
        "https://app.example\t",
        "HTTPS://APP.EXAMPLE",
        "http://:",
        "null",
        "*",
        "",
    ],
)
def test_no_other_origin_is_let_in(page, path, origin):
    for answer in (
        page.get(path, headers={"Origin": origin}),
        preflight(page, path, "GET", "authorization", origin),
    ):
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]
        assert "Origin" in answer.vary


def test_without_an_origin_nobody_is_told_but_caches_are(page, path):
    answer = page.get(path)
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "Origin" in answer.vary


def test_page_can_read_a_401(guarded_app, path):
    answer = guarded_app.test_client().get(path, headers={"Origin": ORIGIN})
    assert (answer.status_code, answer.json["status"]) == (401, 401)
    assert answer.headers.getlist("Access-Control-Allow-Origin") == [ORIGIN]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nowhere", 404),
        ("/api/6f1d6a3e-52a4-4a8e-9a57-0d2c8f0b7e11/tasks?limit=0", 422),
        ("/broken", 500),
        ("/forbidden", 403),
    ],
)
def test_page_can_read_errors(page, path, status):
    answer = page.get(path, headers={"Origin": ORIGIN})
    assert (answer.status_code, answer.json["status"]) == (status, status)
    assert answer.headers.getlist("Access-Control-Allow-Origin") == [ORIGIN]
    assert listed(answer, "Access-Control-Expose-Headers") == EXPOSED
    assert "Origin" in answer.vary


def test_page_can_read_a_503(path):
    nowhere = sa.make_url("postgresql+psycopg2://127.0.0.1:1/tasks")
    app = create_app(Config(database_url=nowhere, cors_origins=(ORIGIN,)))
    answer = app.test_client().get(path, headers={"Origin": ORIGIN})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.headers.getlist("Access-Control-Allow-Origin") == [ORIGIN]


def test_without_origins_nothing_is_said_of_them(client, path):
    answer = client.get(path, headers={"Origin": ORIGIN})
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]
    assert "Origin" not in answer.vary
