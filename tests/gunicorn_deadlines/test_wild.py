"""Whatever is in a header, and however a path is written: no answer is a defect of the service."""

import json

import pytest
from hypothesis import example, given, settings
from tools import wild
from tools.server import Server
from tools.wild import Request

OVERFLOWING = "1 Jan 99999999999 00:00:00 GMT"
FILE = "/docs/swagger-ui.css"


@pytest.fixture(scope="module")
def server(serve_to_all, on_database) -> Server:
    """One that reads all the headers that it can be told to read."""
    return serve_to_all(**on_database, **wild.SETTINGS)


@example(sent=Request("GET", FILE, [("If-Modified-Since", OVERFLOWING)]))
@example(sent=Request("GET", FILE, [("If-Range", OVERFLOWING), ("Range", "bytes=0-1")]))
@example(sent=Request("GET", f"/api%2F{wild.USER}/tasks"))
@example(sent=Request("GET", f"/api/{wild.USER}/tasks#x"))
@example(sent=Request("GET", "health?://"))
@pytest.mark.hypothesis
@settings(deadline=None)
@given(sent=wild.REQUESTS)
def test_any_request_has_one_meaning_and_is_no_defect(server, sent):
    wild.check(server.port, sent)


def test_nothing_of_all_this_is_an_error_in_the_log(server):
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    assert [line for line in lines if line["level"] in {"ERROR", "CRITICAL"}] == []
