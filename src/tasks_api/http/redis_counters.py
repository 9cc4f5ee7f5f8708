"""The same counts for all processes together, in Redis 7 or newer, or in Valkey.

A server that is away is noticed within `TIMEOUT`, and then asked by one request each second:
requests pass uncounted rather than wait for it.
"""

import logging
import time
from collections.abc import Callable

from redis import BlockingConnectionPool, Redis, RedisError

from tasks_api.http.rate_counters import Window

# How long a request waits at most for a free connection, for a new one, and for an answer: seconds.
TIMEOUT = 0.25
# How long to wait between two attempts while the server is away: seconds.
RETRY_SECONDS = 1.0
# Of each process. An answer takes a fraction of a millisecond, so they are free again soon.
CONNECTIONS_MAX = 10

KEY = "tasks-api:requests:{}"

logger = logging.getLogger("tasks_api.rate_limit")


class RedisCounters:
    """Counts in Redis.

    Args:
        url: of the server; its query may have parameters of redis-py.
        seconds: the length of a window.
        now: a clock that only goes forward, in seconds.
    """

    def __init__(self, url: str, seconds: int, now: Callable[[], float] = time.monotonic) -> None:
        # Unlike the client's own pool, this one tries nothing again, and has a bound.
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS_MAX,
            timeout=TIMEOUT,
            socket_connect_timeout=TIMEOUT,
            socket_timeout=TIMEOUT,
        )
        self._redis = Redis(connection_pool=pool)
        self._seconds = seconds
        self._now = now
        self._away = False
        self._next_attempt = 0.0

    def count(self, client: str) -> Window | None:
        """Count one more request of a client; return its window, or None while Redis is away."""
        if self._away:
            if self._now() < self._next_attempt:
                return None
            self._next_attempt = self._now() + RETRY_SECONDS
        key = KEY.format(client)
        # One round trip. If the server ends between the commands, the next request sets the end.
        commands = self._redis.pipeline(transaction=False)
        commands.incr(key)
        commands.expire(key, self._seconds, nx=True)
        commands.pttl(key)
        try:
            requests, _, milliseconds_left = commands.execute()
        except RedisError as error:
            self._fail(error)
            return None
        if self._away:
            self._away = False
            logger.warning("the storage of RATE_LIMIT can be used again")
        return Window(requests, milliseconds_left / 1000)

    def _fail(self, error: RedisError) -> None:
        """Log one line for each change of state, not for each request."""
        if not self._away:
            self._away = True
            logger.warning("the storage of RATE_LIMIT can't be used, all requests pass: %s", error)
        self._next_attempt = self._now() + RETRY_SECONDS
