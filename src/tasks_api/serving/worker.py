"""The worker: gunicorn's for gevent, in which idle connections don't delay the end."""

from __future__ import annotations

from typing import Any

import gevent
from gunicorn.workers.ggevent import GeventWorker

from tasks_api.serving.idle import Idle

# How much of a body is read that the application left, so that the connection can be kept.
UNWANTED_KIB = 64


class Worker(GeventWorker):
    """gunicorn's gevent worker; idle connections don't keep it from ending.

    gunicorn's own waits for them as for requests, for the whole of `graceful_timeout`. This one
    relies on `AsyncWorker.handle` waiting for each request within `timeout_ctx()`, and closing the
    connection when `handle_request` raises StopIteration.
    """

    def timeout_ctx(self) -> Idle:  # type: ignore[override]
        """Return the time limit for the next request of a connection."""
        # False: the end of the time ends the `with` block, and raises nothing.
        return Idle(self.cfg.keepalive, False)  # type: ignore[arg-type]

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> bool:
        """Serve a request; close the connection if most of its body was not wanted."""
        served = super().handle_request(listener_name, req, sock, addr)
        # gunicorn would read on to the end of the body, and there need not be one. A client that
        # stops in the middle of it is between requests: it has been answered already.
        with self.timeout_ctx():
            for _ in range(UNWANTED_KIB):
                if not req.body.read(1024):
                    return bool(served)
        raise StopIteration

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Begin to end."""
        super().handle_exit(sig, frame)
        gevent.spawn(Idle.end_all)
