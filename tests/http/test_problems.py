"""Errors are problem details, whatever goes wrong and wherever."""

from uuid import UUID, uuid4

import pytest
from flask import Flask

from tasks_api.app import create_app
from tasks_api.config import Config
from tasks_api.http.parser import unacceptable


@pytest.mark.parametrize(
    ("method", "path", "status", "title"),
    [
        ("GET", "/nowhere", 404, "Not Found"),
        ("GET", "/api/not-a-uuid/tasks", 404, "Not Found"),
        ("GET", "/api/6f1d6a3e-52a4-4a8e-9a57-0d2c8f0b7e11/tasks/", 404, "Not Found"),
        ("GET", "/api/6f1d6a3e-52a4-4a8e-9a57-0d2c8f0b7e11/tasks/1", 404, "Not Found"),
        ("POST", "/health", 405, "Method Not Allowed"),
        ("BREW", "/health", 405, "Method Not Allowed"),
    ],
)
def test_error_outside_of_any_view_is_a_problem(client, method, path, status, title):
    response = client.open(path, method=method)
    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    assert response.json == {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": response.json["detail"],
        "request_id": response.headers["X-Request-Id"],
    }


USER = "6f1d6a3e-52a4-4a8e-9a57-0d2c8f0b7e11"


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "BREW"])
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/api/bob", "user_id"),
        ("/api/bob/tasks", "user_id"),
        ("/api/bob/tasks/batch", "user_id"),
        ("/api/bob/changes", "user_id"),
        ("/api/bob/tasks/1/complete", "user_id"),
        (f"/api/{USER}%20/tasks", "user_id"),
        (f"/api/{USER}/tasks/1", "task_id"),
        (f"/api/{USER}/tasks/1/complete", "task_id"),
    ],
)
def test_malformed_id_in_a_path_is_named(client, method, path, name):
    response = client.open(path, method=method)
    assert response.status_code == 404
    assert response.json["detail"] == f"`{name}` in the path must be a UUID, such as {USER}."


@pytest.mark.parametrize(
    "path",
    ["/api/bob/nothing", "/api/bob/tasks/", "/api//tasks", "/bob/tasks", f"/api/{USER}/tasks/1/2"],
)
def test_path_that_no_id_would_make_right_leads_to_nothing(client, path):
    response = client.get(path)
    assert response.status_code == 404
    assert response.json["detail"] == "There is nothing at this path."


def test_wrong_method_names_those_that_exist(client, path):
    response = client.delete("/health")
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_unacceptable_content_has_the_name_that_rfc_9110_gives_it(client, path):
    response = client.post(path, json={})
    assert (response.status_code, response.json["title"]) == (422, "Unprocessable Content")


def test_too_large_a_body_has_the_name_that_rfc_9110_gives_it(client, path):
    response = client.post(path, json={"title": "x" * 70_000})
    assert (response.status_code, response.json["title"]) == (413, "Content Too Large")


@pytest.fixture
def broken_app(database_url) -> Flask:
    app = create_app(Config(database_url=database_url))

    @app.get("/broken/<uuid:user_id>")
    def broken(user_id: UUID) -> None:
        raise RuntimeError(f"the tasks of {user_id}")

    return app


def test_defect_is_a_500_that_tells_nothing_and_a_log_line_that_tells_where(
    broken_app, log_lines, user
):
    response = broken_app.test_client().get(f"/broken/{user}", headers={"X-Request-Id": "call-7"})

    assert response.status_code == 500
    assert response.content_type == "application/problem+json"
    assert user not in response.text
    assert response.json["request_id"] == "call-7"
    [defect] = [line for line in log_lines() if "traceback" in line]
    assert defect["request_id"] == "call-7"
    assert defect["level"] == "ERROR"
    assert defect["message"] == "Exception on /broken/<uuid:user_id> [GET]"
    *_, where, line, what = defect["traceback"].splitlines()
    assert where.endswith("in broken")
    assert line.strip().startswith("raise RuntimeError(")
    assert what == "RuntimeError"


def test_only_the_first_20_errors_are_listed_and_the_others_counted(client, path):
    wrong = {"title": 1, "tags": [1] * 20}
    answer = client.post(f"{path}/batch", json=[wrong] * 100)
    assert answer.status_code == 422
    errors = answer.json["errors"]
    assert [error["pointer"] for error in errors[:2]] == ["#/0/title", "#/0/tags/0"]
    assert errors[20:] == [{"detail": "Errors that are not listed: 2080."}]


def test_20_errors_are_all_listed(client, path):
    errors = client.post(path, json={"title": "x", "tags": [1] * 20}).json["errors"]
    assert [error["pointer"] for error in errors] == [f"#/tags/{number}" for number in range(20)]


def test_errors_in_the_query_are_bounded_too(client, path):
    query = "&".join(f"p{number}=1" for number in range(30))
    for url in (path, f"{path}/{uuid4()}"):
        errors = client.get(f"{url}?{query}").json["errors"]
        assert len({error["parameter"] for error in errors[:20]}) == 20
        assert errors[20:] == [{"detail": "Errors that are not listed: 10."}]


def test_errors_that_are_not_listed_are_not_written():
    written = []

    class Place:
        def __str__(self) -> str:
            written.append(self)
            return "place"

    unacceptable("json", (((Place(),), "wrong") for _ in range(1000)))
    assert len(written) == 20


def test_long_name_that_a_client_made_up_is_cut(client, path):
    [error] = client.post(path, json={"title": "x", "é" * 30_000: 1}).json["errors"]
    assert error["pointer"] == "#/" + "%C3%A9" * 100 + "%E2%80%A6"
    [error] = client.get(path, query_string={"é" * 1000: "1"}).json["errors"]
    assert error["parameter"] == "é" * 100 + "…"
