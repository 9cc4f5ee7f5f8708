"""Requests that wait for a user's next write: who waits in this process, and what wakes them.

A write that this process serves wakes those who wait for its user at once. What other processes
write is found by one thread (a greenlet, under gevent): while anybody waits, it asks for the
counters of all users who are waited for.
"""

import time
from collections import defaultdict
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from uuid import UUID

import sqlalchemy as sa
from flask import Flask, Response, current_app
from gevent import monkey
from prometheus_client import Gauge
from sqlalchemy import any_, bindparam, select

from tasks_api.database.execution import execute
from tasks_api.database.failures import DatabaseUnavailable, StatementRefused
from tasks_api.database.statements import Statement
from tasks_api.http.problems import Problem
from tasks_api.http.service import current_request
from tasks_api.tasks.models import users

# Seconds between two questions for all counters. A change is to be told within a second, also where
# 5,000 wait on a machine that is busy: benchmarks/waiting.py.
INTERVAL = 0.25
# How many requests of one user wait in a process, and how many of all users: under gevent, or in
# threads, of which a server has only a few.
USER_MAX = 16
GREENLETS_MAX = 5000
THREADS_MAX = 2
RETRY_AFTER = {"Retry-After": "5"}

WAITING = Gauge(
    "tasks_api_waiting_requests",
    "Requests that wait for a change. They are not in the histogram of requests.",
    multiprocess_mode="livesum",
)

# The one statement of a request that is about several users: on Citus, about several shards.
REVISIONS = Statement(
    select(users.c.id, users.c.revision).where(
        users.c.id == any_(bindparam("user_ids", type_=sa.ARRAY(users.c.id.type)))
    )
)


@dataclass(eq=False)
class Wait:
    """A request that waits."""

    waits: "Waits"
    user_id: UUID  # For whose next write.
    known: int  # The user's counter, as the request has read it.
    has_place: bool  # Whether it can wait at all.
    # Set when the counter may be another one, or nobody waits any more.
    woken: Event = field(default_factory=Event)

    def sleep(self, seconds: float) -> bool:
        """Sleep until it is woken; return False if the time is up, or nobody waits any more."""
        woken = self.woken.wait(seconds if self.has_place else 0)
        self.woken.clear()
        return woken and not self.waits.ended


class Waits:
    """All requests of a process that wait."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.number = 0
        # Nobody waits any more: the process ends.
        self.ended = False
        self.threads_max = THREADS_MAX
        self._by_user: defaultdict[UUID, set[Wait]] = defaultdict(set)
        self._lock = Lock()
        self._is_asking = False
        # Dashboards ask for it before anybody has waited.
        WAITING.inc(0)

    def add(self, user_id: UUID, known: int) -> Wait:
        """Take a place for the current request, if it can wait.

        Raises:
            Problem: 429, the user has too many; 503, all users together have.
        """
        greenlets = monkey.is_module_patched("threading")
        # A server with a single thread could answer nobody else meanwhile.
        threads = self.threads_max if current_request().environ["wsgi.multithread"] else 0
        with self._lock:
            if len(self._by_user.get(user_id, ())) >= USER_MAX:
                detail = f"At most {USER_MAX} requests of a user may wait for changes in a process."
                raise Problem(429, detail, headers=RETRY_AFTER)
            if greenlets and self.number >= GREENLETS_MAX:
                detail = "Too many requests wait for changes; try again in a moment."
                raise Problem(503, detail, headers=RETRY_AFTER)
            has_place = not self.ended and (greenlets or self.number < threads)
            wait = Wait(self, user_id, known, has_place)
            if not has_place:
                return wait
            self._by_user[user_id].add(wait)
            self.number += 1
            WAITING.inc()
            if not self._is_asking:
                self._is_asking = True
                Thread(target=self._ask, name="waits", daemon=True).start()
        return wait

    def remove(self, wait: Wait) -> None:
        """Give the place of a wait back. Some servers close an answer twice."""
        with self._lock:
            mine = self._by_user.get(wait.user_id, set())
            if wait in mine:
                mine.remove(wait)
                self.number -= 1
                WAITING.dec()
            if not mine:
                self._by_user.pop(wait.user_id, None)

    def tell(self, user_id: UUID) -> None:
        """Wake those who wait for a user."""
        for wait in tuple(self._by_user.get(user_id, ())):
            wait.woken.set()

    def end(self) -> None:
        """Wake everybody, for good."""
        self.ended = True
        for user_id in tuple(self._by_user):
            self.tell(user_id)

    def _ask(self) -> None:
        """Ask for the counters again and again, until nobody waits."""
        while True:
            time.sleep(INTERVAL)
            with self._lock:
                asked = {user_id: tuple(waits) for user_id, waits in self._by_user.items()}
                self._is_asking = bool(asked)
            if not asked:
                return
            try:
                with self.app.app_context():
                    rows = execute(REVISIONS, user_ids=f"{{{','.join(map(str, asked))}}}")
            except (DatabaseUnavailable, StatementRefused):
                continue
            revisions = {row["id"]: row["revision"] for row in rows}
            for user_id, waits in asked.items():
                # Unequal, not greater: after a failover the counter may have gone back.
                revision = revisions.get(str(user_id), 0)
                for wait in waits:
                    if wait.known != revision:
                        wait.woken.set()


def init_app(app: Flask) -> None:
    """Let requests of the app wait."""
    app.extensions["waits"] = Waits(app)


def current_waits() -> Waits:
    """Return those of the current app."""
    waits: Waits = current_app.extensions["waits"]
    return waits


def tell_waits(response: Response) -> Response:
    """Wake those who wait for the user of a request that has written."""
    req = current_request()
    if req.method not in {"GET", "HEAD", "OPTIONS"} and response.status_code < 400:  # noqa: PLR2004
        current_waits().tell((req.view_args or {})["user_id"])
    return response
