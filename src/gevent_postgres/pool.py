"""The pool: a request that finds no connection waits for one that another request returns.

It relies on SQLAlchemy's `QueuePool._timeout`, `_do_get`, `_create_connection`, `_do_return_conn`
and `_dec_overflow`.
"""

import select
import time
from collections import deque
from collections.abc import Callable, Hashable
from threading import Condition, Lock
from typing import Any

import psycopg2
from gevent import monkey
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection, QueuePool

# How long after a refusal the database isn't asked for another connection, in seconds: each refusal
# costs it a process.
REFUSED_SECONDS = 1
# How long after a refusal no more connections are expected than there are, in seconds.
SCARCE_SECONDS = 60

# gevent's select.poll runs the event loop even for a wait of zero; this is the plain system call.
_poll = monkey.get_original("select", "poll")
# gevent's lock costs more than all that it would guard here. Nothing waits while it has this one.
_plain_lock = monkey.get_original("_thread", "allocate_lock")


class Shares:
    """Counts what each holder has, and keeps those waiting in line who have their share.

    Args:
        limit: returns how many connections a holder may have at once.
        timeout: how many seconds to wait for one's own.
    """

    def __init__(self, limit: Callable[[], int], timeout: float) -> None:
        self._limit = limit
        self._timeout = timeout
        self._lock = _plain_lock()
        self._held: dict[Hashable, int] = {}
        self._waiting: dict[Hashable, deque[Any]] = {}

    def take(self, holder: Hashable) -> None:
        """Count one more connection of a holder; wait until there is one that it may have.

        Args:
            holder: None for a connection that is not counted.

        Raises:
            sqlalchemy.exc.TimeoutError: its whole share was in use for too long.
        """
        if holder is None:
            return
        with self._lock:
            held = self._held.get(holder, 0)
            if not held or held < self._limit():
                self._held[holder] = held + 1
                return
            turn = Lock()
            turn.acquire()
            self._waiting.setdefault(holder, deque()).append(turn)
        if turn.acquire(timeout=self._timeout):
            return
        with self._lock:
            # It may have been given a place in this moment.
            if turn in self._waiting.get(holder, ()):
                self._leave(holder, turn)
                raise PoolTimeoutError("the holder's whole share is in use")

    def give_back(self, holder: Hashable) -> None:
        """Count one less; the next one in line takes its place."""
        if holder is None:
            return
        with self._lock:
            held = self._held[holder]
            if (waiting := self._waiting.get(holder)) and held <= self._limit():
                turn = waiting[0]
                self._leave(holder, turn)
                turn.release()
            elif held > 1:
                self._held[holder] = held - 1
            else:
                del self._held[holder]

    def _leave(self, holder: Hashable, turn: Any) -> None:
        self._waiting[holder].remove(turn)
        if not self._waiting[holder]:
            del self._waiting[holder]


class SharingPool(QueuePool):
    """A pool that does with fewer connections where the database refuses to open more (53300).

    libpq doesn't tell the SQLSTATE of a refusal, and its text may be in any language. So a request
    waits after every failure to connect, as long as other requests have a connection that works.
    After a failure one connection is given back, though never the last: another worker may be
    without any.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.returned = Condition()
        self.refused_at = float("-inf")
        self.refusal = ""
        self.give_back = False
        # Connections that were opened, and are neither lost nor given back.
        self.alive = 0

    def connect(self) -> PoolProxiedConnection:
        """Return a connection; wait for it in line, if there is one to wait for.

        Raises:
            sqlalchemy.exc.TimeoutError: all are in use for too long.
            psycopg2.OperationalError: the database can't be reached, or refuses another one.
        """
        deadline = time.monotonic() + self._timeout
        while True:
            try:
                return super().connect()
            except (PoolTimeoutError, psycopg2.OperationalError):
                if not self._wait(deadline - time.monotonic()):
                    raise

    def share(self) -> int:
        """Return how many connections one holder may have, so that half of them is for others."""
        scarce = time.monotonic() < self.refused_at + SCARCE_SECONDS
        return max(1, (self.alive if scarce else self.size()) // 2)

    def _wait(self, seconds: float) -> bool:
        """Wait for a connection to be returned; return whether to try again."""
        with self.returned:
            if self.checkedin():
                return seconds > 0
            if self._opened() and self.returned.wait(seconds):
                return True
            # The next one in line doesn't have to wait for this one's turn.
            self.returned.notify()
            return False

    def _opened(self) -> int:
        """Return how many connections are open, or being opened."""
        return self.size() + self.overflow()

    def _do_get(self) -> ConnectionPoolEntry:
        # QueuePool would wait here, and only for a connection, not for the room to open one.
        if self._opened() and not self.checkedin():
            if self._opened() == self.size():
                raise PoolTimeoutError("all connections are in use")
            if time.monotonic() < self.refused_at + REFUSED_SECONDS:
                raise psycopg2.OperationalError(self.refusal)
        return super()._do_get()

    def _create_connection(self) -> ConnectionPoolEntry:
        try:
            record = super()._create_connection()
        except psycopg2.OperationalError as error:
            self.refused_at, self.refusal = time.monotonic(), str(error)
            self.give_back = True
            raise
        self.alive += 1
        return record

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        if self.give_back and self.alive > 1:
            record.close()
            self.give_back = False
        if record.dbapi_connection:
            super()._do_return_conn(record)
        else:
            # QueuePool would keep the place of a lost connection as if it were one.
            self.alive -= 1
            self._dec_overflow()
        with self.returned:
            self.returned.notify()


def replace_if_closed(connection: Any, record: Any, _proxy: object) -> None:
    """Replace an idle connection that the server has closed, before a statement is lost on it.

    A server that ends says so, or at least closes the socket: an idle connection with something to
    read is dead. This asks the kernel; `pool_pre_ping` would ask the server, which is a round trip
    for each statement.
    """
    if "used" not in record.info:
        record.info["used"] = True
        return
    waiting = _poll()
    waiting.register(connection.fileno(), select.POLLIN)
    if waiting.poll(0):
        raise InvalidatePoolError("the server has closed the connection")
