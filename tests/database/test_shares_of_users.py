"""One user's statements leave connections of the pool to others."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from tools.racing import transaction, wait_until_blocked
from tools.wire import pool_of

from tasks_api.app import create_app
from tasks_api.config import Config
from tasks_api.database import engine


@pytest.fixture
def new_app(database_url: sa.URL, monkeypatch) -> Iterator[Callable[..., Flask]]:
    """Make the application with a pool of a size; its requests don't wait for long."""
    monkeypatch.setattr(engine, "POOL_TIMEOUT", 0.5)
    made = []

    def make(size: int) -> Flask:
        made.append(create_app(Config(database_url=database_url, database_pool_size=size)))
        return made[-1]

    yield make
    for app in made:
        pool_of(app).close()


@contextmanager
def writes(app: Flask, database: sa.Connection, user: str, number: int) -> Iterator[list[Future]]:
    """Have a number of writes of a user wait in the database while the block runs."""

    def write() -> int:
        return app.test_client().post(f"/api/{user}/tasks", json={"title": "x"}).status_code

    with ExitStack() as stack:
        threads = stack.enter_context(ThreadPoolExecutor(number))
        holder = stack.enter_context(transaction(database))
        holder.execute(sa.text("LOCK users IN EXCLUSIVE MODE"))
        sent = [threads.submit(write) for _ in range(number)]
        wait_until_blocked(database, holder, sent[0], number)
        yield sent


@pytest.mark.parametrize(("size", "share"), [(2, 1), (3, 1), (4, 2), (10, 5)])
def test_user_has_half_of_the_connections_and_others_the_rest(new_app, database, user, size, share):
    app = new_app(size)
    with writes(app, database, user, share) as sent:
        one_more = app.test_client().get(f"/api/{user}/tasks")
        of_others = [app.test_client().get(f"/api/{uuid4()}/tasks") for _ in range(5)]
    assert (one_more.status_code, one_more.headers["Retry-After"]) == (503, "1")
    assert [answer.status_code for answer in of_others] == [200] * 5
    assert [answer.result() for answer in sent] == [201] * share
    assert app.test_client().get(f"/api/{user}/tasks").status_code == 200


def test_single_connection_is_for_everybody(new_app, database, user):
    app = new_app(1)
    with writes(app, database, user, 1):
        assert app.test_client().get(f"/api/{uuid4()}/tasks").status_code == 503
    assert app.test_client().get(f"/api/{uuid4()}/tasks").status_code == 200
