"""Connections are shared where the database allows no more of them, and where the pool is full."""

import time
from contextlib import suppress

import psycopg2
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from tools.racing import meanwhile, race

from gevent_postgres import pool
from tasks_api.app import create_app
from tasks_api.config import Config
from tasks_api.database import engine


@pytest.fixture
def open_pool(allow):
    """Open a pool of a size, for a role with a limit of connections, or that of another."""
    opened = []

    def make(allowed=0, size=5, beside=None):
        url = beside.url if beside else allow(allowed)
        made = engine.pooled_engine(url, size=size, statement_timeout_ms=0)
        # Each attempt to open a connection.
        made.attempts = []
        sa.event.listen(made, "do_connect", lambda *_: made.attempts.append(1))
        opened.append(made)
        return made

    yield make
    for made in opened:
        made.dispose()


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(engine, "POOL_TIMEOUT", 0.2)


def wait_until_asked(pooled, times):
    while len(pooled.attempts) < times:
        time.sleep(0.001)


def test_request_that_is_refused_a_connection_waits_for_one_in_use(open_pool):
    pooled = open_pool(1)
    first = pooled.raw_connection()
    with meanwhile(pooled.raw_connection, first.close) as waiting:
        wait_until_asked(pooled, 2)
    waiting.result().close()
    assert len(pooled.attempts) == 2


def test_many_requests_share_one_connection_and_ask_for_no_more_for_a_while(open_pool):
    pooled = open_pool(1)
    pooled.raw_connection().close()

    def use(_):
        connection = pooled.raw_connection()
        connection.cursor().execute("SELECT pg_sleep(0.01)")
        connection.close()

    race(20, use)
    # The first, and those that asked in the same moment, before one of them was refused.
    assert len(pooled.attempts) <= 5


def test_worker_that_is_refused_a_connection_gives_one_back_for_another_worker(open_pool):
    pooled = open_pool(2)
    first, second = pooled.raw_connection(), pooled.raw_connection()
    with meanwhile(pooled.raw_connection, second.close) as waiting:
        wait_until_asked(pooled, 3)
        while not pooled.pool.give_back:
            time.sleep(0.001)
        first.close()
        other = open_pool(beside=pooled)
        while not other.pool.checkedin():
            # PostgreSQL takes a moment to end a session.
            with suppress(psycopg2.OperationalError):
                other.raw_connection().close()
    waiting.result().close()


def test_database_is_asked_for_more_connections_after_a_while(open_pool, monkeypatch):
    monkeypatch.setattr(pool, "REFUSED_SECONDS", 0)
    pooled = open_pool(1)
    first = pooled.raw_connection()
    for times in (2, 3):
        with meanwhile(pooled.raw_connection, first.close) as waiting:
            wait_until_asked(pooled, times)
        first = waiting.result()
    first.close()


def test_connection_that_is_returned_during_a_refusal_is_taken(open_pool):
    pooled = open_pool(1)
    first = pooled.raw_connection()
    sa.event.listen(pooled, "do_connect", lambda *_: first.close())
    pooled.raw_connection().close()
    assert len(pooled.attempts) == 2


def test_request_that_is_refused_while_there_is_none_to_wait_for_is_a_503_at_once(
    allow, path, log_lines
):
    url = allow(1)
    with sa.create_engine(url, poolclass=sa.NullPool).connect():
        client = create_app(Config(database_url=url)).test_client()
        assert client.get(path).status_code == 503
    assert "too many connections for role" in str(log_lines())


def test_request_that_waits_too_long_for_a_refused_connection_says_why(open_pool, impatient):
    pooled = open_pool(1)
    first = pooled.raw_connection()
    for _ in range(2):
        with pytest.raises(psycopg2.OperationalError, match="too many connections for role"):
            pooled.raw_connection()
    first.close()


def test_request_that_waits_too_long_for_a_full_pool_gives_up(open_pool, impatient):
    pooled = open_pool(2, size=1)
    first = pooled.raw_connection()
    with pytest.raises(PoolTimeoutError):
        pooled.raw_connection()
    first.close()


def test_place_of_a_connection_that_was_lost_is_free_for_who_waits(open_pool):
    pooled = open_pool(2, size=1)
    first = pooled.raw_connection()
    with meanwhile(pooled.raw_connection, first.invalidate) as waiting:
        while not pooled.pool.returned._waiters:
            time.sleep(0.001)
    waiting.result().close()
    assert len(pooled.attempts) == 2


def test_share_is_half_of_the_pool_or_for_a_while_of_what_the_database_allows(
    open_pool, impatient, monkeypatch
):
    pooled = open_pool(4, size=20)
    assert pooled.pool.share() == 10
    taken = [pooled.raw_connection() for _ in range(4)]
    with pytest.raises(psycopg2.OperationalError):
        pooled.raw_connection()
    assert pooled.pool.share() == 2
    monkeypatch.setattr(pool, "SCARCE_SECONDS", 0)
    assert pooled.pool.share() == 10
    for connection in taken:
        connection.close()
