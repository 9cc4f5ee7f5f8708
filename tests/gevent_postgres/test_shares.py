"""Nobody has more than half of the connections; those who have it wait in line."""

import random
from collections import Counter
from threading import Lock

import pytest
from tools.racing import meanwhile, race

from gevent_postgres import line, pool
from gevent_postgres.line import NoConnection
from gevent_postgres.pool import Pool


class Connection:
    """A connection that is always there."""

    closed = False


@pytest.fixture
def shared(monkeypatch):
    """Make a pool of a size whose connections are never lost."""
    monkeypatch.setattr(pool, "is_closed_by_server", lambda _: False)
    return lambda size, timeout=60: Pool(Connection, size=size, timeout=timeout)


def wait_for_line(pooled, number):
    while len(pooled._line) < number:
        pass


def is_quiet(pooled):
    return not pooled._held and not pooled._line and pooled.alive == len(pooled._idle)


def test_holder_that_has_its_share_waits_and_others_do_not(shared):
    pooled = shared(4)
    first, second = pooled.take("a"), pooled.take("a")
    with meanwhile(lambda: pooled.take("a"), lambda: pooled.give_back(first, "a")) as third:
        wait_for_line(pooled, 1)
        other = pooled.take("b")
        assert not third.done()
    for connection, holder in [(second, "a"), (third.result(), "a"), (other, "b")]:
        pooled.give_back(connection, holder)
    assert is_quiet(pooled)


def test_those_who_wait_go_on_in_their_order(shared):
    pooled, order = shared(1), []
    connection = pooled.take("a")

    def go(name):
        given = pooled.take(name)
        order.append(name)
        pooled.give_back(given, name)

    with meanwhile(lambda: go("first")):
        wait_for_line(pooled, 1)
        with meanwhile(lambda: go("second")):
            wait_for_line(pooled, 2)
            pooled.give_back(connection, "a")
    assert order == ["first", "second"]
    assert is_quiet(pooled)


def test_who_comes_does_not_pass_who_waits(shared):
    pooled = shared(1)
    connection = pooled.take("a")
    with meanwhile(lambda: pooled.take("b")) as waiting:
        wait_for_line(pooled, 1)
        pooled.give_back(connection, "a")
        # It was given to the first in line, even if that one hasn't noticed yet.
        assert pooled._idle == []
    pooled.give_back(waiting.result(), "b")
    assert is_quiet(pooled)


def test_holder_that_waits_for_too_long_gives_up_and_leaves_the_line(shared):
    pooled = shared(2, 0.05)
    connection = pooled.take("a")
    with pytest.raises(NoConnection):
        pooled.take("a")
    pooled.give_back(connection, "a")
    assert is_quiet(pooled)


def test_turn_that_comes_in_the_moment_of_giving_up_is_taken(shared, monkeypatch):
    class LateLock:
        """A lock that is released just after a wait for it has ended."""

        def __init__(self):
            self._lock = Lock()

        def acquire(self, timeout=None):
            if timeout is None:
                return self._lock.acquire()
            pooled.give_back(connection, "a")
            return False

        def release(self):
            self._lock.release()

    monkeypatch.setattr(line, "Lock", LateLock)
    pooled = shared(1, 0)
    connection = pooled.take("a")
    assert pooled.take("b") is connection
    pooled.give_back(connection, "b")
    assert is_quiet(pooled)


def test_share_that_becomes_smaller_is_kept_to_from_then_on(shared, monkeypatch):
    limit = 3
    pooled = shared(9)
    monkeypatch.setattr(pooled, "share", lambda: limit)
    taken = [pooled.take("a") for _ in range(3)]
    limit = 1
    with meanwhile(lambda: pooled.take("a")) as fourth:
        wait_for_line(pooled, 1)
        pooled.give_back(taken[0], "a")
        pooled.give_back(taken[1], "a")
        assert not fourth.done()
        pooled.give_back(taken[2], "a")
    pooled.give_back(fourth.result(), "a")
    assert is_quiet(pooled)


def test_what_nobody_holds_is_not_counted(shared):
    pooled = shared(2)
    both = [pooled.take(), pooled.take()]
    for connection in both:
        pooled.give_back(connection)
    assert is_quiet(pooled)


def test_many_at_once_never_have_more_than_there_are_nor_than_their_share(shared):
    pooled, held, most, lock = shared(5), Counter(), Counter(), Lock()

    def use(number):
        chance = random.Random(number)
        for _ in range(200):
            holder = chance.choice("abc")
            connection = pooled.take(holder)
            with lock:
                for counted in (holder, "all", connection):
                    held[counted] += 1
                    most[counted] = max(most[counted], held[counted])
            with lock:
                for counted in (holder, "all", connection):
                    held[counted] -= 1
            pooled.give_back(connection, holder)

    race(12, use)
    assert is_quiet(pooled)
    assert max(most[holder] for holder in "abc") <= 2
    assert most.pop("all") <= 5
    assert {most[each] for each in most if isinstance(each, Connection)} == {1}
