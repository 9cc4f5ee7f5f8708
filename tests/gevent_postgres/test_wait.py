"""Waiting for the database, and giving it up."""

import gevent

from gevent_postgres import wait


def test_greenlet_that_waits_for_something_else_is_left_alone():
    greenlet = gevent.spawn(lambda: "answer")
    assert not wait.give_up(greenlet)
    assert greenlet.get(timeout=10) == "answer"


def test_answer_that_comes_before_the_wait_is_given_up_is_kept():
    greenlet = gevent.spawn(lambda: "answer")
    wait._waiting.add(greenlet)
    assert wait.give_up(greenlet)
    wait._waiting.discard(greenlet)
    assert greenlet.get(timeout=10) == "answer"


def test_wait_that_is_given_up_ends_the_greenlet():
    greenlet = gevent.spawn(gevent.sleep, 60)
    gevent.sleep(0)
    wait._waiting.add(greenlet)
    assert wait.give_up(greenlet)
    greenlet.join(timeout=10)
    assert isinstance(greenlet.value, wait.GivenUp)
    wait._waiting.discard(greenlet)
