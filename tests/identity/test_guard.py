"""Below `/api` nobody gets in without a token of their own, whatever they try."""

import time
from http.server import BaseHTTPRequestHandler
from uuid import UUID, uuid4, uuid5

import jwt
import pytest
import sqlalchemy as sa
from flask import Flask
from tools import attacks
from tools import issuer as issuers
from tools.attacks import ATTACKS, USER_ID
from tools.issuer import Clock, Issuer
from tools.jwt_settings import AUDIENCE, ISSUER, SECRET, WITH_JWKS, WITH_SECRET, as_fields
from tools.racing import meanwhile
from tools.wire import record_taken

from issuer_keys.keys import FETCH_INTERVAL, RemoteKeys
from tasks_api import app
from tasks_api.app import create_app
from tasks_api.config import Config
from tasks_api.identity.tokens import Verifier

INVALID = 'Bearer error="invalid_token"'

# What is there for everybody; whatever isn't named here needs a token.
OPEN = {
    "GET /",
    "GET /docs",
    "GET /docs/<path:name>",
    "GET /docs/start.js",
    "GET /health",
    "GET /openapi.json",
    "GET /ready",
}


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def issuer(clock):
    issuer = Issuer(clock)
    issuer.keys += attacks.KEYS
    yield issuer
    issuer.go_away()


class OfTheTest:
    """The verifier of one application for all tests, each of which puts its own here."""

    def __getattr__(self, name: str) -> object:
        return getattr(self.verifier, name)


def guarded_by(verifier: object, database_url: sa.URL) -> Flask:
    """Return the application with AUTH=jwt."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(app, "verifier_for", lambda _: verifier)
        return create_app(Config(database_url=database_url, **as_fields(WITH_JWKS)))


@pytest.fixture(scope="module")
def of_the_test() -> OfTheTest:
    return OfTheTest()


@pytest.fixture(scope="module")
def app_of_all(database_url, of_the_test) -> Flask:
    return guarded_by(of_the_test, database_url)


@pytest.fixture
def verifier(issuer, clock) -> Verifier:
    """A verifier on clocks that stand still."""
    settings = as_fields(issuer.settings())
    return Verifier(
        RemoteKeys(settings["jwt_jwks_url"], now=clock),
        issuer=settings["jwt_issuer"],
        audience=settings["jwt_audience"],
        now=clock,
    )


@pytest.fixture
def guarded_app(app_of_all, of_the_test, verifier) -> Flask:
    """The application with that verifier."""
    of_the_test.verifier = verifier
    return app_of_all


@pytest.fixture
def guarded(guarded_app):
    return guarded_app.test_client()


@pytest.fixture
def guarded_statements(guarded_app, monkeypatch):
    return record_taken(guarded_app, monkeypatch)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_token_opens_its_users_paths(guarded, issuer, path, user):
    headers = bearer(issuer.token(user))
    created = guarded.post(path, json={"title": "x"}, headers=headers)
    assert created.status_code == 201
    assert guarded.get(path, headers=headers).json == [created.json]


def test_upper_case_names_the_same_user(guarded, issuer, user):
    for path, sub in ((user.upper(), user), (user, user.upper())):
        answer = guarded.get(f"/api/{path}/tasks", headers=bearer(issuer.token(sub)))
        assert answer.status_code == 200


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer  "])
def test_scheme_may_be_written_as_http_allows(guarded, issuer, path, user, scheme):
    headers = {"Authorization": f"{scheme} {issuer.token(user)}"}
    assert guarded.get(path, headers=headers).status_code == 200


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer  ", "Basic YTpi", "xyz", "Bearerx"])
def test_no_token_is_a_401_without_an_error(guarded, path, header, guarded_statements):
    answer = guarded.get(path, headers={"Authorization": header} if header is not None else {})
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json["title"] == "Unauthorized"
    assert guarded_statements == []


@pytest.mark.parametrize(
    "make",
    [
        lambda token: f"Bearer {token} {token}",
        lambda token: f"Bearer {token},Bearer {token}",
        lambda token: f"Bearer {token}, Bearer {token}",
        lambda token: f'Bearer "{token}"',
        lambda token: f"Bearer token={token}",
        lambda token: f"Bearer {token}é",
        lambda token: f"Bearer =={token}",
    ],
)
def test_malformed_header_is_a_400_that_names_it(guarded, issuer, path, user, make):
    answer = guarded.get(path, headers={"Authorization": make(issuer.token(user))})
    assert answer.status_code == 400
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_request"'
    assert [error["header"] for error in answer.json["errors"]] == ["Authorization"]


def test_repeated_header_is_refused_even_with_good_tokens(guarded, issuer, path, user):
    pair = [("Authorization", f"Bearer {issuer.token(user)}")] * 2
    assert guarded.get(path, headers=pair).status_code == 400


def test_token_in_the_query_is_no_token(guarded, issuer, path, user):
    answer = guarded.get(path, query_string={"access_token": issuer.token(user)})
    assert answer.status_code == 401


def test_token_of_somebody_else_is_a_403(guarded, issuer, path, guarded_statements):
    answer = guarded.get(path, headers=bearer(issuer.token(str(uuid4()))))
    assert answer.status_code == 403
    assert answer.content_type == "application/problem+json"
    assert guarded_statements == []


def test_foreign_and_absent_tasks_are_the_same_404_and_foreign_paths_the_same_403(
    guarded, issuer, make_task, user
):
    task = make_task()
    stranger = str(uuid4())
    headers = bearer(issuer.token(stranger))

    def answers(owner):
        found = [
            guarded.get(f"/api/{owner}/tasks/{task_id}", headers=headers)
            for task_id in (task["id"], uuid4())
        ]
        return [(one.status_code, {**one.json, "request_id": None}) for one in found]

    foreign, absent = answers(stranger)
    assert foreign == absent
    assert foreign[0] == 404
    foreign, absent = answers(user)
    assert foreign == absent
    assert foreign[0] == 403


@pytest.mark.parametrize("make", ATTACKS.values(), ids=ATTACKS)
def test_attack_is_a_401_that_tells_nothing(guarded, issuer, make, guarded_statements):
    path = f"/api/{USER_ID}/tasks"
    answer = guarded.post(path, json={"title": "x"}, headers=bearer(make(issuer)))
    assert answer.status_code == 401, answer.text
    assert answer.headers["WWW-Authenticate"] == INVALID
    assert answer.json == {
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "detail": "The bearer token is not valid.",
        "request_id": answer.headers["X-Request-Id"],
    }
    assert guarded_statements == []
    # Nothing in a token sends us anywhere.
    assert set(issuer.requests) <= {"/api/auth/jwks"}
    # The table itself proves nothing unless a right token of the same issuer is let in.
    assert guarded.get(path, headers=bearer(issuer.token(USER_ID))).status_code == 200


def test_reason_of_a_refusal_is_in_the_log_and_the_token_is_not(
    guarded, issuer, path, user, log_lines
):
    token = issuer.token(user, aud="other")
    request_id = guarded.get(path, headers=bearer(token)).headers["X-Request-Id"]
    [refusal] = [line for line in log_lines() if line["logger"] == "tasks_api.auth"]
    assert refusal["message"] == "token refused: InvalidAudienceError"
    assert refusal["request_id"] == request_id
    assert token.split(".")[2] not in str(log_lines())


def test_a_thousand_random_kids_cost_one_fetch(guarded, issuer, path, clock):
    tokens = [issuer.token(USER_ID, header={"kid": str(uuid4())}) for _ in range(1000)]
    first, *others = [guarded.get(path, headers=bearer(token)) for token in tokens]
    assert first.status_code == 401
    assert {answer.status_code for answer in others} == {503}
    assert len(issuer.requests) == 1
    clock.advance(FETCH_INTERVAL)
    assert guarded.get(path, headers=bearer(tokens[-1])).status_code == 401
    assert len(issuer.requests) == 2


def test_new_key_that_may_not_be_asked_for_yet_is_a_503_and_no_reason_to_log_out(
    guarded, issuer, path, user, clock
):
    assert guarded.get(path, headers=bearer(issuer.token(user))).status_code == 200
    token = issuer.token(user, issuer.rotate())
    clock.advance(FETCH_INTERVAL - 10)
    answer = guarded.get(path, headers=bearer(token))
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "10"
    assert "WWW-Authenticate" not in answer.headers
    assert len(issuer.requests) == 1
    clock.advance(10)
    assert guarded.get(path, headers=bearer(token)).status_code == 200


AWAY = {
    "an error": issuers.with_status(500),
    "garbage": issuers.with_body(b"<html>Log in</html>"),
    "100 MB": issuers.give_100_megabytes,
    "a cut answer": issuers.hang_up,
    "no HTTP": issuers.no_http,
}


@pytest.mark.parametrize("respond", AWAY.values(), ids=AWAY)
def test_issuer_that_never_gave_a_key_is_a_503_with_a_time(
    guarded, issuer, path, user, respond, guarded_statements
):
    issuer.respond = respond
    answer = guarded.get(path, headers=bearer(issuer.token(user)))
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
    assert answer.content_type == "application/problem+json"
    assert guarded_statements == []


def test_issuer_that_is_away_stops_nobody_whose_key_is_known(guarded, issuer, path, user, clock):
    assert guarded.get(path, headers=bearer(issuer.token(user))).status_code == 200
    issuer.go_away()
    clock.advance(3600)
    assert guarded.get(path, headers=bearer(issuer.token(user))).status_code == 200
    new = issuer.rotate()
    assert guarded.get(path, headers=bearer(issuer.token(user, new))).status_code == 503
    issuer.come_back()
    clock.advance(FETCH_INTERVAL)
    assert guarded.get(path, headers=bearer(issuer.token(user, new))).status_code == 200


def test_issuer_that_is_slow_holds_up_nobody_whose_key_is_known(
    guarded_app, guarded, issuer, path, user, clock
):
    known = bearer(issuer.token(user))
    assert guarded.get(path, headers=known).status_code == 200
    clock.advance(FETCH_INTERVAL)
    new = bearer(issuer.token(user, issuer.rotate()))
    issuer.gate.clear()
    issuer.asked.clear()
    client = guarded_app.test_client()
    with meanwhile(lambda: client.get(path, headers=new), issuer.gate.set) as waiting:
        assert issuer.asked.wait(30)
        for _ in range(20):
            assert guarded.get(path, headers=known).status_code == 200
        assert not waiting.done()
    assert waiting.result().status_code == 200


def test_keys_behind_a_redirect_are_nobodys(guarded, issuer, path, user):
    def respond(request: BaseHTTPRequestHandler) -> None:
        if request.path == "/elsewhere":
            issuer.give_keys(request)
        else:
            issuers.answer(request, 302, Location="/elsewhere")

    issuer.respond = respond
    assert guarded.get(path, headers=bearer(issuer.token(user))).status_code == 503
    assert issuer.requests == ["/api/auth/jwks"]


def example(rule) -> str:
    """Give a path that a route serves."""
    values = dict.fromkeys(rule.arguments, USER_ID)
    return (
        str(rule.rule)
        .replace("<path:name>", "swagger-ui.css")
        .replace("<uuid:", "{")
        .replace(">", "}")
        .format(**values)
    )


def routes(app: Flask):
    for rule in app.url_map.iter_rules():
        for method in sorted(rule.methods - {"OPTIONS"}):
            yield method, rule


def test_only_these_routes_are_open(guarded_app, guarded):
    found = set()
    for method, rule in routes(guarded_app):
        with guarded.open(example(rule), method=method) as answer:
            if answer.status_code != 401:
                found.add(f"{method.replace('HEAD', 'GET')} {rule.rule}")
    assert found == OPEN


def test_every_other_route_belongs_to_one_user(guarded_app, guarded, issuer):
    headers = bearer(issuer.token(str(uuid4())))
    for method, rule in routes(guarded_app):
        if f"{method.replace('HEAD', 'GET')} {rule.rule}" not in OPEN | {"GET /api/me"}:
            assert guarded.open(example(rule), method=method, headers=headers).status_code == 403


def test_route_without_a_user_is_closed_to_everybody(database_url, verifier, issuer):
    guarded_app = guarded_by(verifier, database_url)
    guarded_app.add_url_rule("/api/everything", view_func=lambda: "all tasks")
    answer = guarded_app.test_client().get("/api/everything", headers=bearer(issuer.token(USER_ID)))
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api", 404),
        ("GET", "/api/nowhere", 404),
        ("GET", "/api/not-a-uuid/tasks", 404),
        ("GET", f"/api/{USER_ID}/tasks/not-a-uuid", 404),
        ("GET", f"/api//{USER_ID}/tasks", 404),
        ("BREW", f"/api/{USER_ID}/tasks", 405),
    ],
)
def test_where_nothing_is_a_token_is_needed_too(guarded, issuer, method, path, status):
    # Past the test client, which takes a second slash for the start of a host.
    environ = {"PATH_INFO": path}
    refused = guarded.open(method=method, environ_overrides=environ)
    assert refused.status_code == 401
    headers = bearer(issuer.token(USER_ID))
    answer = guarded.open(method=method, environ_overrides=environ, headers=headers)
    assert answer.status_code == status


def test_outside_of_the_guarded_paths_nothing_is_checked(guarded):
    assert guarded.get("/apiary").status_code == 404
    assert guarded.get("/health", headers=bearer("rubbish")).status_code == 200


class Unreadable:
    """A body that must not be touched."""

    def read(self, *_: object) -> bytes:
        raise AssertionError("the body was read")


def test_body_is_not_read_before_the_token_is_checked(guarded, path):
    answer = guarded.post(
        path,
        content_type="application/json",
        environ_overrides={"wsgi.input": Unreadable(), "CONTENT_LENGTH": "10"},
    )
    assert answer.status_code == 401


def test_options_needs_no_token_and_no_database(guarded, path, guarded_statements):
    answer = guarded.options(path)
    assert answer.status_code == 200
    assert set(answer.headers["Allow"].split(", ")) == {"DELETE", "GET", "HEAD", "OPTIONS", "POST"}
    assert guarded_statements == []


def operations(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield f"{method.upper()} {path}", operation


def test_document_says_of_exactly_the_guarded_routes_that_they_are(guarded_app, guarded):
    document = guarded.get("/openapi.json").json
    secured = {
        name for name, operation in operations(document) if operation.get("security") is not None
    }
    assert secured == {
        f"{method} {rule.rule.replace('<uuid:', '{').replace('>', '}')}"
        for method, rule in routes(guarded_app)
        if method != "HEAD" and f"{method} {rule.rule}" not in OPEN
    }
    for name, operation in operations(document):
        if name in secured:
            assert operation["security"] == [{"bearerAuth": []}]
            assert {"400", "401", "503"} < set(operation["responses"])
            assert ("403" in operation["responses"]) == ("{user_id}" in name)
    components = document["components"]
    assert components["securitySchemes"]["bearerAuth"]["scheme"] == "bearer"
    assert "WWW-Authenticate" in components["responses"]["Problem401"]["headers"]
    for status in (401, 403):
        content = components["responses"][f"Problem{status}"]["content"]
        assert set(content) == {"application/problem+json"}


def test_without_auth_nothing_is_checked_and_the_document_says_nothing_of_it(client, path):
    assert client.get(path).status_code == 200
    assert client.get(path, headers=bearer("rubbish")).status_code == 200
    document = client.get("/openapi.json").text
    for word in ("securitySchemes", "bearer", "Problem401", "Problem403"):
        assert word not in document


def test_me_is_the_user_of_the_token(guarded, issuer, user, guarded_statements):
    answer = guarded.get("/api/me", headers=bearer(issuer.token(user.upper())))
    assert (answer.status_code, answer.json) == (200, {"user_id": user})
    assert answer.headers["Cache-Control"] == "no-store"
    assert guarded.get("/api/me").status_code == 401
    refused = guarded.get("/api/me?verbose=1", headers=bearer(issuer.token(user)))
    assert refused.status_code == 422
    assert guarded_statements == []


def test_without_auth_there_is_no_me(client):
    assert client.get("/api/me").status_code == 404


AUTH0 = "auth0|507f1f77bcf86cd799439011"


def test_user_whose_id_is_no_uuid_has_the_paths_that_me_says(database_url):
    settings = as_fields(WITH_SECRET)
    namespace = UUID("0190c1d4-3f5b-7c3e-9a51-2f6d8e4b7a10")
    config = Config(database_url=database_url, **settings, jwt_user_namespace=namespace)
    client = create_app(config).test_client()
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": AUTH0, "iat": now, "exp": now + 60}
    headers = bearer(jwt.encode(claims, SECRET, "HS256"))
    me = client.get("/api/me", headers=headers).json["user_id"]
    assert me == str(uuid5(namespace, AUTH0))
    assert client.get(f"/api/{me}/tasks", headers=headers).status_code == 200
    assert client.get(f"/api/{uuid4()}/tasks", headers=headers).status_code == 403
