"""Nobody has more than a share of the connections; those who have it wait in line."""

import random
from collections import Counter
from threading import Lock

import pytest
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from tools.racing import meanwhile, race

from gevent_postgres import pool
from gevent_postgres.pool import Shares


def wait_for_line(shares: Shares, holder: str, number: int) -> None:
    while len(shares._waiting.get(holder, ())) < number:
        pass


def is_empty(shares: Shares) -> bool:
    return not shares._held and not shares._waiting


def test_holder_that_has_its_share_waits_and_others_do_not():
    shares = Shares(lambda: 2, 60)
    shares.take("a")
    shares.take("a")
    with meanwhile(lambda: shares.take("a"), lambda: shares.give_back("a")) as third:
        wait_for_line(shares, "a", 1)
        shares.take("b")
        assert not third.done()
    for holder in "aab":
        shares.give_back(holder)
    assert is_empty(shares)


def test_those_who_wait_go_on_in_their_order():
    shares, order = Shares(lambda: 1, 60), []
    shares.take("a")

    def go(name: str) -> None:
        shares.take("a")
        order.append(name)
        shares.give_back("a")

    with meanwhile(lambda: go("first")):
        wait_for_line(shares, "a", 1)
        with meanwhile(lambda: go("second")):
            wait_for_line(shares, "a", 2)
            shares.give_back("a")
    assert order == ["first", "second"]
    assert is_empty(shares)


def test_holder_that_waits_for_too_long_gives_up_and_leaves_the_line():
    shares = Shares(lambda: 1, 0.05)
    shares.take("a")
    with pytest.raises(PoolTimeoutError):
        shares.take("a")
    shares.give_back("a")
    assert is_empty(shares)


def test_place_that_is_given_in_the_moment_of_giving_up_is_taken(monkeypatch):
    class LateLock:
        """A lock that is released just after a wait for it has ended."""

        def __init__(self) -> None:
            self._lock = Lock()

        def acquire(self, timeout: float | None = None) -> bool:
            if timeout is None:
                return self._lock.acquire()
            shares.give_back("a")
            return False

        def release(self) -> None:
            self._lock.release()

    monkeypatch.setattr(pool, "Lock", LateLock)
    shares = Shares(lambda: 1, 0)
    shares.take("a")
    shares.take("a")
    shares.give_back("a")
    assert is_empty(shares)


def test_share_that_becomes_smaller_is_kept_to_from_then_on():
    limit = 3
    shares = Shares(lambda: limit, 60)
    for _ in range(3):
        shares.take("a")
    limit = 1
    with meanwhile(lambda: shares.take("a")) as fourth:
        wait_for_line(shares, "a", 1)
        shares.give_back("a")
        shares.give_back("a")
        assert not fourth.done()
        shares.give_back("a")
    shares.give_back("a")
    assert is_empty(shares)


def test_what_nobody_holds_is_not_counted():
    shares = Shares(lambda: 1, 0)
    shares.take(None)
    shares.take(None)
    shares.give_back(None)
    assert is_empty(shares)


def test_many_at_once_never_have_more_than_their_share():
    shares, held, most, lock = Shares(lambda: 3, 60), Counter(), Counter(), Lock()

    def use(number: int) -> None:
        chance = random.Random(number)
        for _ in range(200):
            holder = chance.choice("ab")
            shares.take(holder)
            with lock:
                held[holder] += 1
                most[holder] = max(most[holder], held[holder])
            with lock:
                held[holder] -= 1
            shares.give_back(holder)

    race(12, use)
    assert is_empty(shares)
    assert max(most.values()) <= 3
