"""An answer that waits for a change: what ends the wait, and how many may wait."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from tools.racing import meanwhile
from tools.waiting import THREADS, until, waiting
from tools.wire import Sent, Wire, pool_of
from werkzeug.test import TestResponse

from tasks_api.app import create_app
from tasks_api.config import Config
from tasks_api.tasks.changes import waits as waits_module
from tasks_api.tasks.changes.feed import CHANGES
from tasks_api.tasks.changes.waits import REVISIONS, Waits

# What a server says that is about to end.
SHUTTING_DOWN = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '57P01'; END $$"

Ask = Callable[..., TestResponse]


@pytest.fixture
def waits(app) -> Waits:
    return app.extensions["waits"]


@pytest.fixture
def ask(app, user) -> Ask:
    """Ask for changes, under a server that has threads."""

    def ask(since: object = 0, wait: object = 25, method: str = "GET") -> TestResponse:
        query = {"since": since, "wait": wait}
        return app.test_client().open(
            f"/api/{user}/changes", method=method, query_string=query, environ_overrides=THREADS
        )

    return ask


@pytest.fixture
def tap() -> Wire:
    """What `deaf` sends to PostgreSQL."""
    return Wire()


@pytest.fixture
def deaf(database_url, tap, monkeypatch) -> Iterator[Flask]:
    """An application that learns of no other process's writes."""
    monkeypatch.setattr(Waits, "_ask", lambda _: None)
    app = create_app(Config(database_url=database_url))
    tap.tap(app)
    yield app
    pool_of(app).close()


@pytest.fixture
def other(database_url) -> Iterator[FlaskClient]:
    """A client of another process."""
    app = create_app(Config(database_url=database_url))
    yield app.test_client()
    pool_of(app).close()


def sent_of(statements: list[Sent], statement: Any) -> int:
    return sum(statement.name in sent.sql for sent in statements)


def test_change_that_is_there_is_answered_at_once(make_task, ask, monkeypatch, waits):
    monkeypatch.setattr(waits, "add", None)
    task = make_task()
    assert ask().json["changes"] == [task]


def test_wait_ends_with_a_change_of_another_process(ask, waits, other, path):
    with meanwhile(ask) as answer:
        until(lambda: waits.number == 1, answer)
        task = other.post(path, json={"title": "x"}).json
    assert answer.result().json == {
        "revision": 1,
        "next": "1",
        "has_more": False,
        "changes": [task],
    }


WRITES: dict[str, tuple[str, str, Any]] = {
    "create": ("POST", "", {"title": "x"}),
    "batch": ("POST", "/batch", [{"title": "x"}]),
    "put": ("PUT", "/{id}", {"title": "x"}),
    "patch": ("PATCH", "/{id}", {"title": "x"}),
    "complete": ("PATCH", "/{id}/complete", {}),
    "delete": ("DELETE", "/{id}", None),
    "clear": ("DELETE", "?completed=true", None),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_wait_ends_at_once_with_a_change_of_the_same_process(deaf, user, path, write):
    client, waits = deaf.test_client(), deaf.extensions["waits"]
    task = client.post(path, json={"title": "x", "completed": True}).json
    method, suffix, body = write
    with waiting(deaf, user, since=1) as answer:
        until(lambda: waits.number == 1, answer)
        written = deaf.test_client().open(path + suffix.format(**task), method=method, json=body)
        assert written.status_code < 300
    assert [change["revision"] for change in answer.result().json["changes"]] == [2]


def test_wait_ends_at_once_with_a_restoration(deaf, user, path):
    client, waits = deaf.test_client(), deaf.extensions["waits"]
    task = client.post(path, json={"title": "x"}).json
    client.delete(f"{path}/{task['id']}")
    with waiting(deaf, user, since=2) as answer:
        until(lambda: waits.number == 1, answer)
        restored = deaf.test_client().post(f"{path}/{task['id']}/restore").json
    assert answer.result().json["changes"] == [restored]


def test_wait_ends_at_once_with_a_410_where_the_user_is_erased(deaf, user, path):
    deaf.test_client().post(path, json={"title": "x"})
    with waiting(deaf, user, since=1) as answer:
        until(lambda: deaf.extensions["waits"].number == 1, answer)
        deaf.test_client().delete(f"/api/{user}")
    assert answer.result().status_code == 410
    assert deaf.extensions["waits"].number == 0


def test_end_of_the_time_is_an_empty_page_with_the_same_position(ask, make_task):
    make_task()
    answer = ask(since=1, wait=1)
    assert answer.status_code == 200
    assert answer.json == {"revision": 1, "next": "1", "has_more": False, "changes": []}


def test_wait_is_not_for_caches_and_a_plain_answer_as_before(ask):
    assert ask(wait=1).headers["Cache-Control"] == "no-store"
    assert ask(wait=0).headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("wait", [-1, 26, "1.5", "x", ""])
def test_wait_is_from_0_to_25_seconds(ask, wait):
    answer = ask(wait=wait)
    assert (answer.status_code, answer.json["errors"][0]["parameter"]) == (422, "wait")


def test_head_is_answered_at_once(ask, monkeypatch, waits):
    monkeypatch.setattr(waits, "add", None)
    answer = ask(method="HEAD")
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["Cache-Control"] == "no-store"


def test_other_users_wake_nobody(ask, waits, client, statements):
    with meanwhile(lambda: ask(wait=2)) as answer:
        until(lambda: waits.number == 1, answer)
        client.post(f"/api/{uuid4()}/tasks", json={"title": "x"})
        # By then the counter has been asked for twice.
        until(lambda: sent_of(statements, REVISIONS) > 1, answer)
    assert answer.result().json["changes"] == []
    assert sent_of(statements, CHANGES) == 1


def test_refused_write_wakes_nobody(deaf, user, path):
    client = deaf.test_client()
    task = client.post(path, json={"title": "x"}).json
    with waiting(deaf, user, since=1, wait=1) as answer:
        until(lambda: deaf.extensions["waits"].number == 1, answer)
        [[wait]] = deaf.extensions["waits"]._by_user.values()
        for headers, body in (({"If-Match": '"7"'}, {"title": "y"}), ({}, {"title": ""})):
            assert client.put(f"{path}/{task['id']}", json=body, headers=headers).status_code > 400
        assert not wait.woken.is_set()
    assert answer.result().json["changes"] == []


# A purge is known by the name under which it is prepared, which a pooler prevents.
@pytest.mark.usefixtures("statements")
def test_wait_goes_on_where_the_counter_moves_without_a_change(app, ask, path, client, make_task):
    """A write that was refused leaves a gap, and so does a purge."""
    task = make_task()
    client.delete(f"{path}/{task['id']}")
    with meanwhile(lambda: ask(since=2, wait=25)) as answer:
        until(lambda: app.extensions["waits"].number == 1, answer)
        app.test_cli_runner().invoke(args=["tasks", "purge", "--days", "0"])
        until(lambda: is_known(app, 3), answer)
        new = client.post(path, json={"title": "x"}).json
    assert answer.result().json["changes"] == [new]


def is_known(app: Flask, revision: int) -> bool:
    """Return whether each request that waits has read this counter."""
    waits = app.extensions["waits"]._by_user.values()
    return {wait.known for mine in waits for wait in mine} == {revision}


def test_wait_goes_on_when_the_question_for_counters_has_failed(ask, waits, wire, other, path):
    with meanwhile(ask) as answer:
        until(lambda: waits.number == 1, answer)
        wire.instead.append(SHUTTING_DOWN)
        until(lambda: not wire.instead, answer)
        task = other.post(path, json={"title": "x"}).json
    assert answer.result().json["changes"] == [task]


def test_wait_goes_on_when_the_read_has_failed(deaf, user, path, tap, other):
    waits = deaf.extensions["waits"]
    with waiting(deaf, user) as answer:
        until(lambda: waits.number == 1, answer)
        task = other.post(path, json={"title": "x"}).json
        tap.instead.append(SHUTTING_DOWN)
        waits.tell(UUID(user))
        until(lambda: not tap.instead, answer)
        until(lambda: is_known(deaf, 0), answer)
        waits.tell(UUID(user))
    assert answer.result().json["changes"] == [task]


def test_nothing_is_asked_while_nobody_waits(ask, waits, statements):
    ask(wait=1)
    until(lambda: not [t for t in threading.enumerate() if t.name == "waits"])
    assert statements
    statements.clear()
    assert ask(wait=0).status_code == 200
    assert sent_of(statements, REVISIONS) == 0


def test_wait_holds_no_connection(ask, app, waits, client, path):
    pool = pool_of(app)
    with meanwhile(ask) as answer:
        until(lambda: waits.number == 1 and pool.alive == len(pool._idle), answer)
        client.post(path, json={"title": "x"})
    assert answer.result().status_code == 200


def test_one_question_is_about_all_users(app, waits, client, statements):
    users = [str(uuid4()) for _ in range(waits.threads_max)]
    for user in users:
        client.post(f"/api/{user}/tasks", json={"title": "x"})
    with waiting(app, users[0], since=1) as one, waiting(app, users[1], since=1) as two:
        until(lambda: any(REVISIONS.name in sent.sql and sent.rows == 2 for sent in statements))
        for user in users:
            client.post(f"/api/{user}/tasks", json={"title": "x"})
    for answer in (one, two):
        assert [change["revision"] for change in answer.result().json["changes"]] == [2]


def test_server_with_one_thread_answers_at_once(client, user, monkeypatch, waits):
    answer = client.get(f"/api/{user}/changes?wait=25")
    assert (answer.status_code, answer.json["changes"]) == (200, [])


def test_only_a_few_threads_wait_and_the_next_request_is_answered_at_once(ask, waits, client, path):
    with ThreadPoolExecutor(waits.threads_max) as threads:
        answers = [threads.submit(ask) for _ in range(waits.threads_max)]
        until(lambda: waits.number == waits.threads_max, *answers)
        assert ask().json["changes"] == []
        client.post(path, json={"title": "x"})
    assert all(answer.result().json["changes"] for answer in answers)


def test_seventeenth_request_of_a_user_is_refused_until_there_is_a_place(
    ask, waits, client, path, monkeypatch
):
    monkeypatch.setattr(waits, "threads_max", 100)
    with ThreadPoolExecutor(17) as threads:
        answers = [threads.submit(ask) for _ in range(16)]
        until(lambda: waits.number == 16, *answers)
        refused = ask()
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "5")
        another = client.get(f"/api/{uuid4()}/changes?wait=1", environ_overrides=THREADS)
        assert another.status_code == 200
        client.post(path, json={"title": "x"})
        assert [answer.result().status_code for answer in answers] == [200] * 16
        assert ask(since=1, wait=1).status_code == 200


def test_no_more_wait_than_there_is_room_for_in_a_process(ask, waits, client, path, monkeypatch):
    monkeypatch.setattr(waits_module, "GREENLETS_MAX", 1)
    monkeypatch.setattr(waits_module.monkey, "is_module_patched", lambda _: True)
    with meanwhile(ask) as answer:
        until(lambda: waits.number == 1, answer)
        other = client.get(f"/api/{uuid4()}/changes?wait=25")
        assert (other.status_code, other.headers["Retry-After"]) == (503, "5")
        client.post(path, json={"title": "x"})
    assert answer.result().status_code == 200


def test_end_of_the_process_ends_all_waits_with_what_they_have(deaf, user):
    waits = deaf.extensions["waits"]
    with waiting(deaf, user) as answer:
        until(lambda: waits.number == 1, answer)
        waits.end()
    assert (answer.result().status_code, answer.result().json["changes"]) == (200, [])
    late = deaf.test_client().get(f"/api/{user}/changes?wait=25", environ_overrides=THREADS)
    assert (late.status_code, late.json["changes"]) == (200, [])
