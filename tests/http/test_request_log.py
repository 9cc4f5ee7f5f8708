"""Each request has a name, and one line in the log that nobody can forge."""

import logging
import re

import pytest

from tasks_api.app import create_app
from tasks_api.config import Config


def test_each_request_is_one_line(client, path, log_lines):
    response = client.get(path)
    [line] = log_lines()
    assert {**line, "time": None, "milliseconds": None} == {
        "level": "INFO",
        "logger": "tasks_api.request",
        "message": "request",
        "method": "GET",
        "route": "/api/<uuid:user_id>/tasks",
        "status": 200,
        "bytes": 2,
        "milliseconds": None,
        "time": None,
        "request_id": response.headers["X-Request-Id"],
    }
    assert line["milliseconds"] > 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+\+00:00", line["time"])


@pytest.mark.parametrize("given", ["a", "A.b_c-9", "x" * 128])
def test_callers_request_id_is_kept(client, given):
    response = client.get("/health", headers={"X-Request-Id": given})
    assert response.headers["X-Request-Id"] == given


@pytest.mark.parametrize("given", ["", "x" * 129, "a b", "a;b", "é", '"}', "a\tb"])
def test_request_id_that_is_not_acceptable_is_replaced(client, given):
    response = client.get("/health", headers={"X-Request-Id": given})
    assert re.fullmatch("[0-9a-f]{32}", response.headers["X-Request-Id"])


def test_two_requests_have_two_ids(client):
    ids = {client.get("/health").headers["X-Request-Id"] for _ in range(2)}
    assert len(ids) == 2


TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(
    ("traceparent", "trace_id"),
    [
        (f"00-{TRACE}-00f067aa0ba902b7-01", TRACE),
        (f"cc-{TRACE}-00f067aa0ba902b7-01-what-a-later-version-adds", TRACE),
        (f"ff-{TRACE}-00f067aa0ba902b7-01", None),
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", None),
        (f"00-{TRACE}-0000000000000000-01", None),
        (f"00-{TRACE.upper()}-00f067aa0ba902b7-01", None),
        ("00-4bf9", None),
    ],
)
def test_trace_id_is_logged_where_the_header_is_right(client, log_lines, traceparent, trace_id):
    assert client.get("/health", headers={"traceparent": traceparent}).status_code == 200
    [line] = log_lines()
    assert line.get("trace_id") == trace_id


def test_input_cannot_forge_a_line(client, log_lines):
    client.open("/%0a%7b%22level%22:%22CRITICAL%22%7d", method='GET"}\n{"level":"CRITICAL')
    [line] = log_lines()
    assert (line["level"], line["method"]) == ("INFO", 'GET"}\n{"LEVEL":"CRITICAL')


def test_input_cannot_forge_a_line_of_text(database_url, capsys):
    app = create_app(Config(database_url=database_url, log_format="text"))
    app.test_client().open("/nowhere", method="GET\n\x1b[2J")
    [line] = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"\d\d:\d\d:\d\d INFO    GET\\n\\x1b\[2J 404 +\d+\.\d ms  -", line)


def test_no_line_is_written_where_the_level_is_higher(client, log_lines):
    logging.getLogger("tasks_api").setLevel("WARNING")
    client.get("/health")
    assert log_lines() == []
