"""Requests that wait for changes, without a server."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from tools.racing import meanwhile

# What a server with threads says of itself.
THREADS = {"wsgi.multithread": True}


def until(reached: Callable[[], bool], *acts: Future[Any]) -> None:
    """Wait until something is true, while the acts go on."""
    while not reached():
        assert not any(act.done() for act in acts), [act.result() for act in acts if act.done()]
        time.sleep(0.01)


def waiting(
    app: Flask, user: str, since: object = 0, wait: int = 25
) -> AbstractContextManager[Future[TestResponse]]:
    """Have a request wait, beside a block, for the changes of a user."""
    query = {"since": since, "wait": wait}
    return meanwhile(
        lambda: app.test_client().get(
            f"/api/{user}/changes", query_string=query, environ_overrides=THREADS
        )
    )
