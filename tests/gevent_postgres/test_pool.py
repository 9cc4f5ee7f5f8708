"""Connections are shared where the database allows no more of them, and where the pool is full."""

import time
from contextlib import suppress

import psycopg2
import pytest
import sqlalchemy as sa
from tools.racing import meanwhile, race

from gevent_postgres import pool
from gevent_postgres.line import NoConnection
from gevent_postgres.pool import Pool
from tasks_api.app import create_app
from tasks_api.config import Config


class CountingPool(Pool):
    """A pool that counts its attempts to open a connection."""

    def __init__(self, url, size, timeout):
        self.url = url
        self.attempts = 0
        # What happens with each attempt.
        self.meanwhile = lambda: None
        super().__init__(self.open_one, size=size, timeout=timeout)

    def open_one(self):
        self.attempts += 1
        self.meanwhile()
        connection = psycopg2.connect(self.url.set(drivername="postgresql").render_as_string(False))
        connection.autocommit = True
        return connection


@pytest.fixture
def open_pool(allow):
    """Open a pool of a size, for a role with a limit of connections, or that of another."""
    opened = []

    def make(allowed=0, size=5, beside=None, timeout=60):
        url = beside.url if beside else allow(allowed)
        opened.append(CountingPool(url, size, timeout))
        return opened[-1]

    yield make
    for made in opened:
        made.close()


def wait_until_asked(pooled, times):
    while pooled.attempts < times:
        time.sleep(0.001)


def wait_for_line(pooled, number):
    while len(pooled._line) < number:
        time.sleep(0.001)


def test_request_that_is_refused_a_connection_waits_for_one_in_use(open_pool):
    pooled = open_pool(1)
    first = pooled.take()
    with meanwhile(pooled.take, lambda: pooled.give_back(first)) as waiting:
        wait_until_asked(pooled, 2)
    assert waiting.result() is first
    pooled.give_back(first)
    assert pooled.attempts == 2


def test_many_requests_share_one_connection_and_ask_for_no_more_for_a_while(open_pool):
    pooled = open_pool(1)
    pooled.give_back(pooled.take())

    def use(_):
        connection = pooled.take()
        connection.cursor().execute("SELECT pg_sleep(0.01)")
        pooled.give_back(connection)

    race(20, use)
    # The first, and those that asked in the same moment, before one of them was refused.
    assert pooled.attempts <= 5


def test_worker_that_is_refused_a_connection_gives_one_back_for_another_worker(open_pool):
    pooled = open_pool(2)
    first, second = pooled.take(), pooled.take()
    with meanwhile(pooled.take, lambda: pooled.give_back(second)) as waiting:
        wait_for_line(pooled, 1)
        pooled.give_back(first)
        other = open_pool(beside=pooled)
        while not other.alive:
            # PostgreSQL takes a moment to end a session.
            with suppress(psycopg2.OperationalError):
                other.give_back(other.take())
    pooled.give_back(waiting.result())


def test_last_connection_is_never_given_back_for_another_worker(open_pool):
    pooled = open_pool(1, timeout=0.1)
    first = pooled.take()
    with pytest.raises(psycopg2.OperationalError):
        pooled.take()
    pooled.give_back(first)
    assert pooled.take() is first
    pooled.give_back(first)


def test_database_is_asked_for_more_connections_after_a_while(open_pool, monkeypatch):
    monkeypatch.setattr(pool, "REFUSED_SECONDS", 0)
    pooled = open_pool(1)
    first = pooled.take()
    for times in (2, 3):
        with meanwhile(pooled.take, lambda: pooled.give_back(first)) as waiting:
            wait_until_asked(pooled, times)
        assert waiting.result() is first
    pooled.give_back(first)


def test_connection_that_is_returned_during_a_refusal_is_taken(open_pool):
    pooled = open_pool(1)
    first = pooled.take()
    pooled.meanwhile = lambda: pooled.give_back(first)
    assert pooled.take() is first
    pooled.give_back(first)
    assert pooled.attempts == 2


def test_request_that_is_refused_while_there_is_none_to_wait_for_is_a_503_at_once(
    allow, path, log_lines
):
    url = allow(1)
    with sa.create_engine(url, poolclass=sa.NullPool).connect():
        client = create_app(Config(database_url=url)).test_client()
        assert client.get(path).status_code == 503
    assert "too many connections for role" in str(log_lines())


def test_nobody_waits_where_no_connection_is_left(open_pool, database):
    """One has the only connection, which is lost; those in line learn why there is no other."""
    pooled = open_pool(1, size=1, timeout=600)
    first = pooled.take()
    with meanwhile(pooled.take) as one, meanwhile(pooled.take) as other:
        wait_for_line(pooled, 2)
        database.execute(sa.text(f'ALTER ROLE "{pooled.url.username}" NOLOGIN'))
        first.close()
        pooled.give_back(first)
    for waited in (one, other):
        with pytest.raises(psycopg2.OperationalError, match="not permitted to log in"):
            waited.result()
    assert pooled.attempts == 2
    assert pooled.alive == pooled._opening == 0


def test_request_that_waits_too_long_for_a_refused_connection_says_why(open_pool):
    pooled = open_pool(1, timeout=0.2)
    first = pooled.take()
    for _ in range(2):
        with pytest.raises((psycopg2.OperationalError, NoConnection)) as raised:
            pooled.take()
    assert isinstance(raised.value, NoConnection)
    pooled.give_back(first)


def test_request_that_waits_too_long_for_a_full_pool_gives_up(open_pool):
    pooled = open_pool(2, size=1, timeout=0.2)
    first = pooled.take()
    with pytest.raises(NoConnection):
        pooled.take()
    pooled.give_back(first)
    assert pooled.take() is first
    pooled.give_back(first)


def test_place_of_a_connection_that_was_lost_is_free_for_who_waits(open_pool):
    pooled = open_pool(2, size=1)
    first = pooled.take()

    def lose():
        first.close()
        pooled.give_back(first)

    with meanwhile(pooled.take, lose) as waiting:
        wait_for_line(pooled, 1)
    pooled.give_back(waiting.result())
    assert pooled.attempts == 2


def test_place_of_a_connection_that_could_not_be_opened_is_free(open_pool):
    """Here, because nobody waits for it any more."""
    pooled = open_pool(2, size=1)

    class GivenUp(BaseException):
        """What ends a request."""

    def give_up():
        raise GivenUp

    pooled.meanwhile = give_up
    with pytest.raises(GivenUp):
        pooled.take("a")
    pooled.meanwhile = lambda: None
    pooled.give_back(pooled.take("a"), "a")
    assert (pooled.alive, pooled._opening) == (1, 0)


def test_connection_that_the_server_has_closed_is_replaced(open_pool, database):
    pooled = open_pool(2)
    first = pooled.take()
    pooled.give_back(first)
    database.execute(
        sa.text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": first.info.backend_pid}
    )
    second = pooled.take()
    assert second is not first
    assert pooled.alive == 1
    pooled.give_back(second)


def test_share_is_half_of_the_pool_or_for_a_while_of_what_the_database_allows(
    open_pool, monkeypatch
):
    pooled = open_pool(4, size=20, timeout=0.1)
    assert pooled.share() == 10
    taken = [pooled.take() for _ in range(4)]
    with pytest.raises(psycopg2.OperationalError):
        pooled.take()
    assert pooled.share() == 2
    monkeypatch.setattr(pool, "SCARCE_SECONDS", 0)
    assert pooled.share() == 10
    for connection in taken:
        pooled.give_back(connection)
