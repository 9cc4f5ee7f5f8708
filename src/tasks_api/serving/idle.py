"""The wait for a connection's next request, which the end of the worker cuts short."""

from __future__ import annotations

from typing import Any, ClassVar

import gevent


class Idle(gevent.Timeout):
    """A time limit for the next request of a connection."""

    waiting: ClassVar[dict[Idle, Any]] = {}

    def __enter__(self) -> Idle:
        """Begin to wait."""
        self.waiting[self] = gevent.getcurrent()
        super().__enter__()
        return self

    def __exit__(self, *exception: Any) -> Any:
        """End the wait: by a request, by its time, or by `end_all`."""
        del self.waiting[self]
        return super().__exit__(*exception)

    @classmethod
    def end_all(cls) -> None:
        """Close all connections that are between requests."""
        for idle, greenlet in list(cls.waiting.items()):
            gevent.kill(greenlet, idle)
