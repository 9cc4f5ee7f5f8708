"""What is measured, and who may see it."""

from collections.abc import Callable, Iterator
from importlib.metadata import version
from platform import python_version

import pytest
import sqlalchemy as sa
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from tools.racing import meanwhile, transaction, wait_until_blocked
from tools.wire import Wire, pool_of, taken

from issuer_keys.keys import KeysUnavailable, RemoteKeys, UnknownKey
from tasks_api.app import create_app
from tasks_api.config import Config
from tasks_api.database import metrics
from tasks_api.database.execution import execute
from tasks_api.database.failures import StatementRefused
from tasks_api.database.statements import Statement
from tasks_api.http.log import METHODS
from tasks_api.identity.tokens import report_fetch

NOWHERE = sa.make_url("postgresql+psycopg2://127.0.0.1:1/tasks")
TOKEN = "0123456789abcdef"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
LIST = "/api/<uuid:user_id>/tasks"


def samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """All that an exposition says, by names and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def tap() -> Wire:
    return Wire()


@pytest.fixture
def measured(database_url: sa.URL, tap: Wire) -> Iterator[Flask]:
    """An application with a token for its metrics and one connection to its database."""
    app = create_app(Config(database_url=database_url, database_pool_size=1, metrics_token=TOKEN))
    tap.tap(app)
    with app.app_context():
        yield app
    pool_of(app).close()


@pytest.fixture
def value(measured: Flask) -> Callable[..., float]:
    """The value of a metric now."""

    def read(name: str, **labels: object) -> float:
        text = measured.test_client().get("/metrics", headers=BEARER).text
        key = f"tasks_api_{name}", frozenset((k, str(v)) for k, v in labels.items())
        return samples(text).get(key, 0)

    return read


def test_request_is_counted_by_its_method_template_and_status(measured, value, path):
    labels = {"method": "POST", "route": LIST, "status": 422}
    before = value("request_duration_seconds_count", **labels)
    assert measured.test_client().post(path, json={}).status_code == 422
    assert value("request_duration_seconds_count", **labels) == before + 1


def test_request_that_is_not_logged_is_counted(measured, value, path, caplog):
    caplog.set_level("WARNING")
    labels = {"method": "GET", "route": LIST, "status": 200}
    before = value("request_duration_seconds_count", **labels)
    measured.test_client().get(path)
    assert value("request_duration_seconds_count", **labels) == before + 1


def test_nothing_that_a_client_chooses_is_in_a_label(measured, user):
    client = measured.test_client()
    # Other tests may have had applications with routes of their own.
    before = samples(client.get("/metrics", headers=BEARER).text)
    for method in ("GET", "BREW", "x" * 1000, 'GET"} 1\n'):
        for path in (
            f"/api/{user}/tasks/{user}",
            f"/api/{user}/tasks?q=private",
            "/api/private/tasks",
            '/private"} 1%0aprivate',
            "/docs/private",
        ):
            headers = {"X-Request-Id": "private", "Host": "private.example"}
            client.open(path, method=method, headers=headers).close()
    allowed = {
        "method": METHODS | {"other"},
        "route": {rule.rule for rule in measured.url_map.iter_rules()} | {"none"},
    }
    exposition = client.get("/metrics", headers=BEARER).text
    assert user not in exposition
    assert "private" not in exposition
    found = [
        dict(labels)
        for (name, labels), count in samples(exposition).items()
        if name == "tasks_api_request_duration_seconds_count"
        and count != before.get((name, labels))
    ]
    assert {"other", "GET"} <= {labels["method"] for labels in found}
    for labels in found:
        assert labels.keys() == {"method", "route", "status"}
        assert 200 <= int(labels.pop("status")) < 600
        assert all(value in allowed[name] for name, value in labels.items())


def test_statement_and_its_connection_are_measured(measured, value, path, user, database):
    client = measured.test_client()
    client.post(path, json={"title": "x"})
    before = value("statement_duration_seconds_count")
    assert value("pool_connections_in_use") == 0
    with transaction(database) as holder:
        holder.execute(sa.text("SELECT 1 FROM users WHERE id = :user FOR UPDATE"), {"user": user})
        with meanwhile(lambda: client.post(path, json={"title": "y"}), holder.rollback) as write:
            wait_until_blocked(database, holder, write)
            assert value("pool_connections_in_use") == 1
        assert write.result().status_code == 201
    assert value("pool_connections_in_use") == 0
    assert value("statement_duration_seconds_count") == before + 1


def test_wait_for_a_connection_is_measured_and_its_refusal_counted(
    measured, value, path, monkeypatch
):
    client = measured.test_client()
    with taken(measured):
        before = [value("pool_wait_seconds_count"), value("pool_refused_total")]
        assert client.get(path).status_code == 503
    after = [value("pool_wait_seconds_count"), value("pool_refused_total")]
    assert after == [count + 1 for count in before]
    assert value("pool_wait_seconds_sum") >= 3
    # Where the machine is busy, nobody knows how long one waits for a connection that is free.
    monkeypatch.setattr(metrics, "WAIT_SECONDS", 60)
    client.get(path)
    assert [value("pool_wait_seconds_count"), value("pool_refused_total")] == after


def test_statement_that_fails_is_counted_by_its_sqlstate(measured, value):
    broken = Statement(sa.text("SELECT 1 / 0").columns(sa.column("number")))
    before = value("statement_failures_total", sqlstate="22012")
    with pytest.raises(StatementRefused):
        execute(broken)
    assert value("statement_failures_total", sqlstate="22012") == before + 1


def test_database_that_is_away_is_counted_without_a_sqlstate_and_does_not_hide_the_metrics(path):
    client = create_app(Config(database_url=NOWHERE, metrics_token=TOKEN)).test_client()

    def failures() -> float:
        key = "tasks_api_statement_failures_total", frozenset({("sqlstate", "none")})
        return samples(client.get("/metrics", headers=BEARER).text).get(key, 0)

    before = failures()
    assert client.get(path).status_code == 503
    assert failures() == before + 1


@pytest.mark.parametrize(("answer", "outcome"), [(b'{"keys": []}', "ok"), (b"no JSON", "failed")])
def test_fetch_of_the_issuers_keys_is_counted_by_its_outcome(value, answer, outcome):
    before = value("jwks_fetches_total", outcome=outcome)
    keys = RemoteKeys("http://issuer.example", report=report_fetch, fetch=lambda *_: answer)
    with pytest.raises((KeysUnavailable, UnknownKey)):
        keys.find("kid")
    assert value("jwks_fetches_total", outcome=outcome) == before + 1


def test_metrics_touch_no_database_and_are_not_cached(measured, tap):
    client = measured.test_client()
    with tap.recorded() as sent:
        answer = client.get("/metrics", headers=BEARER)
    assert sent == []
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"


def test_head_has_the_headers_of_get_and_no_body(measured):
    head = measured.test_client().head("/metrics", headers=BEARER)
    assert (head.status_code, head.data) == (200, b"")
    assert head.content_length > 0


def test_build_is_named(value):
    assert value("build_info", version=version("tasks-api"), python=python_version()) == 1


@pytest.mark.parametrize(
    "header",
    [
        None,
        "Bearer",
        f"Basic {TOKEN}",
        TOKEN,
        f"Bearer {TOKEN}0",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN.upper()}",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_request_without_the_token_is_a_401(measured, method, header):
    headers = {"Authorization": header} if header else {}
    answer = measured.test_client().open("/metrics", method=method, headers=headers)
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_header_with_two_tokens_is_a_400(measured):
    headers = {"Authorization": f"Bearer {TOKEN}, Bearer {TOKEN}"}
    assert measured.test_client().get("/metrics", headers=headers).status_code == 400


def test_there_are_no_metrics_on_a_given_database_without_a_token():
    answer = create_app(Config(database_url=NOWHERE)).test_client().get("/metrics", headers=BEARER)
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"
