"""The same counts for all processes together, in Redis 7 or newer, or in Valkey.

A process has one connection. Requests that come while it is busy wait in line and are counted
together, so a flood doesn't send more commands, and a long line isn't taken for an outage. Requests
pass uncounted only while the server is away: it is then asked by one request each second, and the
others don't wait.
"""

import logging
import re
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from threading import Lock
from typing import Any

from redis import BlockingConnectionPool, RedisError, ResponseError
from redis import TimeoutError as RedisTimeoutError

from tasks_api.http.rate_counters import Window

# How long to wait for a connection, and for an answer, in seconds: a thousand times what a server
# needs that is well.
TIMEOUT = 1.0
# How long a request stands in line, in seconds: for an attempt before its own, and its own.
LINE_TIMEOUT = 5.0
# How long to wait between two attempts while the server is away: seconds.
RETRY_SECONDS = 1.0

KEY = "tasks-api:requests:{}"

logger = logging.getLogger("tasks_api.rate_limit")


@dataclass(eq=False)
class _Turn:
    """A request in line."""

    client: str
    is_over: bool = False
    window: Window | None = None  # If it was counted.


class RedisCounters:
    """Counts in Redis, in windows of a length in seconds."""

    def __init__(self, url: str, seconds: int, now: Callable[[], float] = time.monotonic) -> None:
        # It reads the URL and its parameters, connects when it has to, and tries nothing again.
        self._pool = BlockingConnectionPool.from_url(
            url, max_connections=1, socket_connect_timeout=TIMEOUT, socket_timeout=TIMEOUT
        )
        self._seconds = seconds
        self._now = now
        self._line: deque[_Turn] = deque()
        self._using_connection = Lock()
        self._away = False
        self._next_attempt = 0.0

    def count(self, client: str) -> Window | None:
        """Count one more request of a client; return its window, or None while Redis is away."""
        if self._away:
            if self._now() < self._next_attempt:
                return None
            self._next_attempt = self._now() + RETRY_SECONDS
        turn = _Turn(client)
        self._line.append(turn)
        if not self._using_connection.acquire(timeout=LINE_TIMEOUT):
            self._fail(RedisTimeoutError("it can't be reached in time"))
            return turn.window
        try:
            if not turn.is_over:
                self._serve_line()
        finally:
            self._using_connection.release()
        return turn.window

    def _serve_line(self) -> None:
        """Count all who are in line; let them pass if the server is away."""
        turns = self._take_line()
        try:
            self._count(turns)
            if self._away:
                self._away = False
                logger.warning("the storage of RATE_LIMIT can be used again")
        except RedisError as error:
            self._fail(error)
            # Those who came meanwhile don't wait for an attempt of their own.
            turns += self._take_line()
        finally:
            for turn in turns:
                turn.is_over = True

    def _take_line(self) -> list[_Turn]:
        return [self._line.popleft() for _ in range(len(self._line))]

    def _count(self, turns: list[_Turn]) -> None:
        """Count these requests, in one round trip."""
        requests = Counter(turn.client for turn in turns)
        commands: list[tuple[str | int, ...]] = []
        for client, number in requests.items():
            key = KEY.format(client)
            commands.append(("INCRBY", key, number))
            # If the server ends between the commands, the next request sets the end.
            commands.append(("EXPIRE", key, self._seconds, "NX"))
            commands.append(("PTTL", key))
        answers = self._execute(commands)
        windows = {
            client: (count(total - requests[client] + 1), milliseconds_left / 1000)
            for client, total, milliseconds_left in zip(
                requests, answers[::3], answers[2::3], strict=True
            )
        }
        for turn in turns:
            numbers, seconds_left = windows[turn.client]
            turn.window = Window(next(numbers), seconds_left)

    def _execute(self, commands: list[tuple[str | int, ...]]) -> list[int]:
        """Send the commands; return an answer to each."""
        # If the server has closed the connection meanwhile, it is another one.
        connection: Any = self._pool.get_connection()  # type: ignore[no-untyped-call]
        try:
            connection.send_packed_command(connection.pack_commands(commands))
            return [connection.read_response() for _ in commands]
        except BaseException:
            # There may be answers that were not read.
            connection.disconnect()
            raise
        finally:
            self._pool.release(connection)  # type: ignore[no-untyped-call]

    def _fail(self, error: RedisError) -> None:
        """Log one line for each change of state, not for each request."""
        if not self._away:
            self._away = True
            # The server may quote what it was sent, which names a user.
            quotes = isinstance(error, ResponseError)
            reason = re.split("['`\"]", str(error))[0] if quotes else error
            logger.warning("the storage of RATE_LIMIT can't be used, all requests pass: %s", reason)
        self._next_attempt = self._now() + RETRY_SECONDS
