"""The feed as a stream of events: what it has, and what ends it."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from uuid import UUID

import pytest
from flask import Flask
from tools.events import STREAM, blocks, events
from tools.issuer import Clock
from tools.jwt_settings import WITH_SECRET, as_fields, token_of
from tools.waiting import THREADS
from tools.wire import Wire, pool_of
from werkzeug.test import TestResponse

from tasks_api import app as factory
from tasks_api.app import create_app
from tasks_api.config import Config
from tasks_api.http.event_streams import RETRY_MAX, RETRY_MIN
from tasks_api.identity.tokens import LEEWAY, Verifier
from tasks_api.tasks.changes import live
from tasks_api.tasks.changes.waits import Waits

Open = Callable[..., TestResponse]


@pytest.fixture
def tap() -> Wire:
    return Wire()


@pytest.fixture
def streaming(database_url, tap) -> Iterator[Flask]:
    app = create_app(Config(database_url=database_url))
    tap.tap(app)
    yield app
    # Each test closes its streams, and so gives all places back.
    assert app.extensions["waits"].number == 0
    pool_of(app).close()


@pytest.fixture
def waits(streaming) -> Waits:
    return streaming.extensions["waits"]


@pytest.fixture
def open_stream(streaming, user) -> Iterator[Open]:
    """Open a stream under a server that has threads; it is closed with the test."""
    opened = []

    def open_stream(method: str = "GET", **query: object) -> TestResponse:
        headers = STREAM | query.pop("headers", {})
        answer = streaming.test_client().open(
            f"/api/{user}/changes",
            method=method,
            query_string=query,
            headers=headers,
            environ_overrides=THREADS,
        )
        opened.append(answer)
        return answer

    yield open_stream
    for answer in opened:
        answer.close()


def test_stream_says_first_when_to_come_back_and_never_the_same(open_stream):
    first, second = (next(blocks(open_stream().response)) for _ in range(2))
    for block in (first, second):
        assert block.fields.keys() == {"retry"}
        assert RETRY_MIN <= int(block.fields["retry"]) <= RETRY_MAX
    assert first.fields != second.fields


def test_each_page_is_an_event_whose_id_is_the_next_position(open_stream, client, user, make_task):
    tasks = [make_task() for _ in range(5)]
    stream = events(open_stream(since=0, limit=2).response)
    since = "0"
    for _ in range(3):
        event = next(stream)
        page = client.get(f"/api/{user}/changes?since={since}&limit=2").json
        since = page["next"]
        assert (event.name, event.id, event.data) == ("changes", since, page)
    assert page["changes"] == tasks[4:]


def test_stream_goes_on_with_each_change(open_stream, client, path, make_task):
    stream = events(open_stream().response)
    task = make_task()
    assert next(stream).data["changes"] == [task]
    task = client.put(f"{path}/{task['id']}", json={"title": "y"}).json
    assert next(stream).data["changes"] == [task]
    client.delete(f"{path}/{task['id']}")
    assert next(stream).data["changes"] == [{"id": task["id"], "revision": 3, "deleted": True}]


def test_stream_resumes_at_the_last_event_and_not_where_it_began(open_stream, make_task):
    tasks = [make_task() for _ in range(3)]
    answer = open_stream(since=0, headers={"Last-Event-ID": "2"})
    assert next(events(answer.response)).data["changes"] == tasks[2:]


def test_stream_resumes_in_the_middle_of_a_copy(open_stream, make_task):
    tasks = [make_task() for _ in range(3)]
    position = next(events(open_stream(limit=1).response)).id
    assert position == "1.3"
    answer = open_stream(headers={"Last-Event-ID": position})
    assert next(events(answer.response)).data["changes"] == tasks[1:]


def test_malformed_place_to_resume_is_a_400_that_names_the_header(open_stream):
    answer = open_stream(headers={"Last-Event-ID": "x"})
    assert (answer.status_code, answer.json["errors"][0]["header"]) == (400, "Last-Event-ID")


def test_nothing_keeps_the_events_on_their_way(open_stream):
    headers = open_stream().headers
    assert headers["Content-Type"] == "text/event-stream"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Accel-Buffering"] == "no"
    assert headers["Content-Encoding"] == "identity"
    assert "Content-Length" not in headers
    assert "Accept" in headers["Vary"]


def test_comment_comes_while_there_is_no_change(open_stream, monkeypatch):
    # The second one finds out that the client has gone.
    assert 2 * live.COMMENT_SECONDS <= 15
    monkeypatch.setattr(live, "COMMENT_SECONDS", 0.01)
    stream = blocks(open_stream().response)
    next(stream)
    assert [block.comments for block in islice(stream, 3)] == [1, 1, 1]


def test_stream_from_a_position_that_is_gone_says_so_and_ends(open_stream, client, user):
    [event] = events(open_stream(since=1).response)
    problem = client.get(f"/api/{user}/changes?since=1").json
    assert (event.name, event.id) == ("gone", "0")
    assert event.data == problem | {"request_id": event.data["request_id"]}


def test_stream_whose_position_is_erased_says_so_and_ends(open_stream, client, user, make_task):
    stream = events(open_stream().response)
    make_task()
    assert next(stream).name == "changes"
    client.delete(f"/api/{user}")
    answer = [(event.name, event.id, event.data["status"]) for event in stream]
    assert answer == [("gone", "0", 410)]


def test_event_that_says_gone_leads_to_a_copy(open_stream, make_task):
    task = make_task()
    [gone] = events(open_stream(since=7).response)
    answer = open_stream(since=7, headers={"Last-Event-ID": gone.id})
    assert next(events(answer.response)).data["changes"] == [task]


def test_head_has_the_headers_of_a_stream_and_waits_for_nothing(open_stream, waits, monkeypatch):
    monkeypatch.setattr(waits, "add", None)
    head = open_stream("HEAD")
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Type"] == "text/event-stream"


def test_stream_that_is_closed_gives_its_place_back(open_stream, waits):
    stream = open_stream()
    assert waits.number == 1
    # Nothing of it was read.
    stream.close()
    assert waits.number == 0


def test_seventeenth_stream_of_a_user_is_refused(open_stream, waits, monkeypatch):
    monkeypatch.setattr(waits, "threads_max", 100)
    assert {open_stream().status_code for _ in range(16)} == {200}
    refused = open_stream()
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "5")


def test_stream_where_nobody_may_wait_has_what_there_is_and_ends(
    open_stream, waits, make_task, monkeypatch
):
    monkeypatch.setattr(waits, "threads_max", 0)
    tasks = [make_task() for _ in range(3)]
    found = events(open_stream(limit=1).response)
    assert [change for event in found for change in event.data["changes"]] == tasks


def test_stream_where_nobody_may_wait_ends_when_the_database_fails(
    open_stream, waits, tap, make_task, monkeypatch
):
    monkeypatch.setattr(waits, "threads_max", 0)
    tasks = [make_task() for _ in range(2)]
    stream = events(open_stream(limit=1).response)
    assert next(stream).data["changes"] == tasks[:1]
    tap.instead.append("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '57P01'; END $$")
    assert list(stream) == []


def test_stream_ends_with_its_process(open_stream, waits):
    stream = blocks(open_stream().response)
    next(stream)
    waits.end()
    assert [block for block in stream if block.name] == []


def test_stream_goes_on_when_the_database_has_failed(open_stream, waits, tap, user, make_task):
    stream = events(open_stream().response)
    task = make_task()
    tap.instead.append("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '57P01'; END $$")
    waits.tell(UUID(user))
    assert next(stream).data["changes"] == [task]
    assert tap.instead == []


def test_stream_that_can_not_begin_is_a_problem(tap, open_stream):
    tap.instead.append("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '57P01'; END $$")
    answer = open_stream()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def guarded(database_url, clock, monkeypatch, user) -> Iterator[TestResponse]:
    """A stream of a user whose token is good for ten minutes, on a clock that stands still."""
    monkeypatch.setattr(live, "COMMENT_SECONDS", 0.01)
    monkeypatch.setattr(factory, "Verifier", partial(Verifier, now=clock))
    app = create_app(Config(database_url=database_url, **as_fields(WITH_SECRET)))
    headers = {**STREAM, "Authorization": f"Bearer {token_of(user)}"}
    stream = app.test_client().get(
        f"/api/{user}/changes", headers=headers, environ_overrides=THREADS
    )
    yield stream
    stream.close()
    pool_of(app).close()


def test_stream_ends_with_its_token_and_says_so(guarded, clock, make_task):
    stream = blocks(guarded.response)
    clock.advance(600 + LEEWAY - 1)
    while not (block := next(stream)).comments:
        pass
    # The token is a little younger than the clock.
    clock.advance(10)
    # What has changed since is not for somebody whose token has expired.
    make_task()
    block = next(each for each in stream if not each.comments)
    assert (block.name, block.id, block.data["status"]) == ("expired", None, 401)
    assert list(stream) == []
