"""Whatever is in a header, and however a path is written: no answer is a defect of the service."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from tools import wild
from tools.server import Server, launch
from tools.wild import Request

OVERFLOWING = "1 Jan 99999999999 00:00:00 GMT"
FILE = "/docs/swagger-ui.css"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that reads all the headers that it can be told to read."""
    running = launch(tmp_path_factory.mktemp("wild"), WEB_CONCURRENCY=1, **wild.SETTINGS)
    yield running
    running.stop()


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
