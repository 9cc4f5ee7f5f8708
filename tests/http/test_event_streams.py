"""Which requests get a stream of events."""

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from tasks_api.http import event_streams


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("text/event-stream", True),
        ("Text/Event-Stream", True),
        ("text/event-stream, */*", True),
        ("text/event-stream, application/json;q=0.9", True),
        ("application/json, text/event-stream", False),
        ("application/json;q=0.5, text/event-stream;q=0.4", False),
        ("application/json", False),
        ("*/*", False),
        ("text/*", False),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False),
        ("text/event-stream;q=0", False),
        ("text/event-stream;q=x", False),
        ("", False),
        ("x", False),
        (None, False),
    ],
)
def test_stream_is_for_those_who_name_it_and_prefer_it(accept, wanted):
    headers = {} if accept is None else {"Accept": accept}
    request = Request(EnvironBuilder(headers=headers).get_environ())
    assert event_streams.is_wanted(request) == wanted
