"""How many requests each client has sent in its present window, counted by this process alone."""

import itertools
import time
from collections.abc import Callable, Iterator
from threading import Lock
from typing import NamedTuple

from cachetools import TTLCache

# Of more clients in one window, those that were silent for longest are forgotten.
CLIENTS_MAX = 65_536


class Window(NamedTuple):
    """The present window of a client: it began with the client's first request in it."""

    requests: int
    seconds_left: float


class MemoryCounters:
    """Counts in the memory of this process, in windows of a length in seconds."""

    def __init__(self, seconds: int, now: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._now = now
        # Each has the numbers that are left for its requests, and its end.
        self._windows: TTLCache[str, tuple[Iterator[int], float]]
        self._windows = TTLCache(CLIENTS_MAX, seconds, timer=now)
        self._lock = Lock()

    def count(self, client: str) -> Window:
        """Count one more request of a client; return its window."""
        now = self._now()
        with self._lock:
            begun = (itertools.count(1), now + self._seconds)
            numbers, end = self._windows.setdefault(client, begun)
            return Window(next(numbers), end - now)
