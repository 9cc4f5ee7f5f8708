"""A pool of connections: requests share them, and no holder of any has more than half."""

import select
import time
from collections import deque
from collections.abc import Callable, Hashable

import psycopg2
from gevent import monkey
from psycopg2.extensions import connection as Connection  # noqa: N812

from gevent_postgres.line import NoConnection, Turn

# Seconds after a refusal in which it isn't asked for another one: each refusal costs a process.
REFUSED_SECONDS = 1
# Seconds after a refusal in which no more connections are expected than there are.
SCARCE_SECONDS = 60

# gevent's select.poll runs the event loop even for a wait of zero; this is the plain system call.
_poll = monkey.get_original("select", "poll")
# gevent's lock costs more than all that it would guard here. Nothing waits while it has this one.
_plain_lock = monkey.get_original("_thread", "allocate_lock")


class Pool:
    """A bounded number of connections, each of which is opened when it is needed first.

    It does with fewer where the database refuses to open more (53300). libpq doesn't tell the
    SQLSTATE of a refusal, and its text may be in any language. So a request waits after every
    failure to connect, as long as other requests have a connection. After a failure one connection
    is closed, though never the last: another process may be without any.

    Args:
        connect: opens one.
        size: how many there are at most.
        timeout: how many seconds to wait for one.
    """

    def __init__(self, connect: Callable[[], Connection], *, size: int, timeout: float) -> None:
        self._connect = connect
        self._size = size
        self._timeout = timeout
        self._lock = _plain_lock()
        # The one that was used last has the most statements prepared: it is taken first.
        self._idle: list[Connection] = []
        # Open ones, and those that are being opened.
        self.alive = self._opening = 0
        self._held: dict[Hashable, int] = {}
        self._line: deque[Turn] = deque()
        self._refused_at = float("-inf")
        self._close_one = False

    def take(self, holder: Hashable = None) -> Connection:
        """Return a connection; wait for it in line, if there is one to wait for.

        Args:
            holder: has at most half of them at once; None is not counted.

        Raises:
            NoConnection: all, or all that the holder may have, are in use for too long.
            psycopg2.OperationalError: the database can't be reached, or refuses another one.
        """
        deadline = time.monotonic() + self._timeout
        with self._lock:
            found, connection = self._find(holder)
            turn = None if found else Turn(self._line, holder)
        refusal = None
        while True:
            if turn:
                connection = self._wait(turn, deadline, refusal)
            if connection and not is_closed_by_server(connection):
                return connection
            try:
                return self._open(connection)
            except psycopg2.OperationalError as error:
                refusal, turn = error, self._after_refusal(holder, error)
            except BaseException:
                with self._lock:
                    self._release(holder)
                    self._serve_line()
                raise

    def give_back(self, connection: Connection, holder: Hashable = None) -> None:
        """Let others have a connection; forget it if it is closed."""
        with self._lock:
            self._release(holder)
            if self._close_one and self.alive > 1:
                self._close_one = False
                connection.close()
            if connection.closed:
                self.alive -= 1
            else:
                self._idle.append(connection)
            self._serve_line()

    def share(self) -> int:
        """Return how many connections one holder may have, so that half of them is for others."""
        scarce = time.monotonic() < self._refused_at + SCARCE_SECONDS
        return max(1, (self.alive if scarce else self._size) // 2)

    def close(self) -> None:
        """Close those that nobody uses."""
        while self._idle:
            self._idle.pop().close()
            self.alive -= 1

    def _find(self, holder: Hashable) -> tuple[bool, Connection | None]:
        """Return whether there is a connection, or the room to open one, for a holder; and it."""
        held, connection = self._held.get(holder, 0), None
        if held and held >= self.share():
            return False, None
        if self._idle:
            connection = self._idle.pop()
        elif self._has_room():
            self._opening += 1
        else:
            return False, None
        if holder is not None:
            self._held[holder] = held + 1
        return True, connection

    def _has_room(self) -> bool:
        places = self.alive + self._opening
        refused = time.monotonic() < self._refused_at + REFUSED_SECONDS
        return places < self._size and not (places and refused)

    def _release(self, holder: Hashable) -> None:
        if holder is not None:
            self._held[holder] -= 1
            if not self._held[holder]:
                del self._held[holder]

    def _serve_line(self) -> None:
        """Give what there is to the first in line who may have it."""
        for turn in self._line:
            found, turn.connection = self._find(turn.holder)
            if found:
                self._line.remove(turn)
                turn.come.release()
                return

    def _after_refusal(self, holder: Hashable, error: psycopg2.OperationalError) -> Turn:
        """Stand in line, unless there is no connection to wait for: then nobody waits."""
        with self._lock:
            self._refused_at = time.monotonic()
            self._close_one = True
            self._release(holder)
            turn = Turn(self._line, holder)
            if self.alive + self._opening:
                self._serve_line()
                return turn
            for each in self._line:
                each.refusal = error
                each.come.release()
            self._line.clear()
            return turn

    def _wait(
        self, turn: Turn, deadline: float, refusal: psycopg2.OperationalError | None
    ) -> Connection | None:
        """Wait for a turn; return the connection, or None if there is room to open one."""
        if not turn.come.acquire(timeout=max(0.0, deadline - time.monotonic())):
            with self._lock:
                # It may have come in this moment.
                if turn in self._line:
                    self._line.remove(turn)
                    raise refusal or NoConnection
        if turn.refusal:
            raise turn.refusal
        return turn.connection

    def _open(self, closed: Connection | None) -> Connection:
        """Open a connection, in the place of one that is closed, or in the room for one."""
        if closed:
            closed.close()
            with self._lock:
                self.alive -= 1
                self._opening += 1
        alive = 0
        try:
            opened, alive = self._connect(), 1
            return opened
        finally:
            with self._lock:
                self._opening -= 1
                self.alive += alive


def is_closed_by_server(connection: Connection) -> bool:
    """Return whether an idle connection is dead, before a statement is lost on it.

    A server that ends says so, or at least closes the socket: an idle connection with something to
    read is dead. This asks the kernel; to ask the server would be a round trip for each statement.
    """
    waiting = _poll()
    waiting.register(connection.fileno(), select.POLLIN)
    return bool(waiting.poll(0))
