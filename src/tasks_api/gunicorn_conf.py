"""How gunicorn serves: `gunicorn --config python:tasks_api.gunicorn_conf wsgi:app`."""

from __future__ import annotations

# gevent has to be there before whatever it patches is imported.
from gevent import monkey

monkey.patch_all()

# ruff: noqa: E402
import logging.config
import os
from http import HTTPStatus
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

import gevent
import orjson
import psycopg2
from gevent.socket import wait_read, wait_write
from gunicorn import glogging, util
from gunicorn.workers.ggevent import GeventWorker
from psycopg2 import extensions

from tasks_api.config import from_environ
from tasks_api.database import embedded
from tasks_api.http.problems import DEFECT, describe
from tasks_api.http.request_log import logging_config

settings = from_environ(os.environ)

bind = f"{settings.host}:{settings.port}"
workers = settings.web_concurrency
worker_connections = 1000
# Longer than any load balancer's, so that it is never us who close first.
keepalive = 75
# Below the 30 seconds that platforms wait before they kill.
graceful_timeout = 25
timeout = 60
# A search for 255 code points, percent-encoded, beside a cursor.
limit_request_line = 8190
limit_request_field_size = 8190
# Otherwise a client on this machine could set SCRIPT_NAME, and get a 500 for it.
forwarder_headers = ""
# It would write below $HOME.
control_socket_disable = True
# The workers' heartbeat must not wait for a disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108


class Logger(glogging.Logger):
    """gunicorn's own messages, in the same JSON lines; the application logs requests itself."""

    def setup(self, cfg: Any) -> None:
        """Set up gunicorn's logging its own way, then all of it ours."""
        super().setup(cfg)
        logging.config.dictConfig(logging_config(settings.log_level))


logger_class = Logger


def write_problem(client: Any, status: int, _reason: str, message: str) -> None:
    """Answer where gunicorn refuses a request itself, as the application would (RFC 9457)."""
    request_id = uuid4().hex
    body = orjson.dumps(describe(status, message[:200] or DEFECT, request_id))
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nConnection: close\r\n"
        f"Content-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n"
        f"X-Request-Id: {request_id}\r\n\r\n"
    )
    logging.getLogger(__name__).warning(
        "refused by gunicorn", extra={"status": status, "request_id": request_id}
    )
    util.write_nonblock(client, head.encode() + body)


# The one place where gunicorn writes its errors; it has no setting for how.
util.write_error = write_problem  # type: ignore[assignment]


class Idle(gevent.Timeout):
    """The wait for a connection's next request, which the end of the worker cuts short."""

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
        """Give up all connections that are between requests."""
        for idle, greenlet in list(cls.waiting.items()):
            gevent.kill(greenlet, idle)


# How much of a body is read that the application left, for the sake of the connection.
UNWANTED_KIB = 64


class Worker(GeventWorker):
    """gunicorn's gevent worker; idle connections don't keep it from ending.

    gunicorn's own waits for them as for requests, for the whole of `graceful_timeout`.
    """

    def timeout_ctx(self) -> Idle:  # type: ignore[override]
        """Give the time limit for the next request of a connection."""
        # False: the end of the time ends the `with` block, and raises nothing.
        return Idle(self.cfg.keepalive, False)  # type: ignore[arg-type]

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> bool:
        """Serve a request; give the connection up where most of its body was not wanted."""
        served = super().handle_request(listener_name, req, sock, addr)
        # gunicorn would read on to the end of the body, and there need not be one. Who stops in the
        # middle of it is between requests: answered already, and to be waited for no longer.
        with self.timeout_ctx():
            for _ in range(UNWANTED_KIB):
                if not req.body.read(1024):
                    return bool(served)
        raise StopIteration

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Begin to end."""
        super().handle_exit(sig, frame)
        gevent.spawn(Idle.end_all)


worker_class = Worker

# Seconds without a byte from the database, after which its connection is given up: more than the
# server takes to cancel a statement that is too slow.
DATABASE_SILENCE = (settings.statement_timeout_ms / 1000 or 60) + 5


def on_starting(_server: Any) -> None:
    """Start the embedded database, once, before there are workers."""
    if settings.database_url is None:
        embedded.start(settings.data_dir)


def post_fork(_server: Any, _worker: Any) -> None:
    """Let psycopg2 wait in gevent's event loop, so that other requests go on meanwhile."""
    extensions.set_wait_callback(_wait)


def _wait(connection: Any) -> None:
    while True:
        state = connection.poll()
        if state == extensions.POLL_OK:
            return
        wait = wait_read if state == extensions.POLL_READ else wait_write
        wait(
            connection.fileno(),
            timeout=DATABASE_SILENCE,
            timeout_exc=psycopg2.OperationalError("the database has fallen silent"),
        )
