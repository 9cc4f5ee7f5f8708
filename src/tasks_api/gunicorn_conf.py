"""How gunicorn serves: `python -m tasks_api`."""

# gevent replaces parts of the standard library; this must happen before they are imported.
from gevent import monkey

monkey.patch_all()

# ruff: noqa: E402
from pathlib import Path

from gunicorn_deadlines import shared_metrics

# Neither the workers' heartbeat nor what they measure must wait for a disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
# Before the imports below make metrics.
metrics_dir = shared_metrics.share(worker_tmp_dir)

import os
import resource
from typing import Any

import gevent
from flask import Flask
from prometheus_client.multiprocess import mark_process_dead
from psycopg2 import extensions

from gevent_postgres.wait import give_up, wait_callback
from gunicorn_deadlines import addresses
from gunicorn_deadlines.client import Patience
from gunicorn_deadlines.metrics import Metrics
from gunicorn_deadlines.processors import default_workers
from gunicorn_deadlines.worker import Worker
from tasks_api import local_database
from tasks_api.config import from_environ
from tasks_api.http import cors, problems, security_headers
from tasks_api.http.log import format_for, logging_config
from tasks_api.tasks.changes.waits import GREENLETS_MAX, Waits

settings = from_environ(os.environ)
log_format = format_for(settings.log_format)
metrics = Metrics("tasks_api")


def write_refusal(
    status: int, detail: str, request_id: str, origin: str
) -> tuple[dict[str, str], bytes]:
    """Write the answer to a request that the application never sees, as it would."""
    headers, body = problems.write_refusal(status, detail, request_id)
    headers |= security_headers.HEADERS | cors.headers_for(origin, settings.cors_origins)
    return headers, body


class TasksWorker(Worker):
    """The worker, with what it takes from the application."""

    metrics = metrics
    write_refusal = staticmethod(write_refusal)
    give_up = staticmethod(give_up)
    held_max = GREENLETS_MAX
    # `post_worker_init` sets it.
    waits: Waits | None = None

    def held(self) -> int:
        """Return how many requests wait for changes."""
        return self.waits.number if self.waits else 0

    def end_held(self) -> None:
        """Have them answered."""
        if self.waits:
            self.waits.end()


# The colons of an IPv6 address would be taken for the one before the port.
host = f"[{settings.host}]" if ":" in settings.host else settings.host
bind = f"{host}:{settings.port}"
workers = settings.web_concurrency or default_workers()
worker_class = TasksWorker
worker_connections = 1000
# These, and those that wait, don't fit into the 1,024 open files that a process usually may have.
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 8192)), hard))
# If we closed an idle connection just when a router uses it, the router's client would get an
# error. The default is longer than any router's: Google Cloud's keeps connections for 600 seconds
# (cloud.google.com/load-balancing/docs/https, "Backend HTTP keepalive timeout"), Heroku's for 90
# (devcenter.heroku.com/articles/http-routing#keepalives), AWS's ALB for 60, unless told otherwise.
keepalive = settings.keepalive_seconds
# Below the 30 seconds that platforms wait before they kill.
graceful_timeout = 25
timeout = 60
# A search for 255 code points, percent-encoded, beside a cursor.
limit_request_line = 8190
limit_request_field_size = 8190
# Its parser in C, which it would take wherever that is installed, lets more through.
http_parser = "python"
# Otherwise a client on this machine could set SCRIPT_NAME, and get a 500 for it.
forwarder_headers = ""
# It would write below $HOME.
control_socket_disable = True
loglevel = settings.log_level.lower()
logconfig_dict = logging_config(settings.log_level, log_format)

# More than the database takes to cancel a statement that is too slow.
DATABASE_SILENCE = (settings.statement_timeout_ms / 1000 or 60) + 5


def on_starting(server: Any) -> None:
    """Check the address; start the embedded database, once, before there are workers."""
    addresses.check(server, "Choose another: PORT={port} make run")
    # gunicorn's `--user` takes effect in the workers only.
    os.chown(metrics_dir, server.cfg.uid, server.cfg.gid)
    # The master has no clients and no connections to the database.
    mark_process_dead("master")  # type: ignore[no-untyped-call]
    if settings.database_url is None:
        local_database.start(settings.data_dir)


def when_ready(server: Any) -> None:
    """In a terminal, print where to go."""
    demo = "  To-do page: {url}/demo/" if settings.database_url is None else ""
    if log_format == "text":
        addresses.show(server, f"Task API: {{url}}/docs{demo}  Ctrl-C stops it")


def pre_fork(server: Any, worker: Worker) -> None:
    """Give a new worker a number."""
    worker.number = shared_metrics.free_number(server.WORKERS.values())


def worker_exit(_server: Any, _worker: Worker) -> None:
    """Keep what a worker has measured since it last wrote it down."""
    shared_metrics.write()


def child_exit(_server: Any, worker: Worker) -> None:
    """Remove the gauges of a worker that has ended; its counters stay."""
    mark_process_dead(worker.number)  # type: ignore[no-untyped-call]


def post_fork(_server: Any, worker: Worker) -> None:
    """Say how long to wait: for clients, and for the database, while other requests go on."""
    shared_metrics.measure_as(worker.number, metrics)
    worker.patience = Patience(
        head=settings.request_head_seconds,
        body=settings.request_body_seconds,
        body_bytes_per_second=settings.request_body_bytes_per_second,
        answer=settings.answer_seconds,
        idle=worker.cfg.keepalive,
    )
    extensions.set_wait_callback(wait_callback(DATABASE_SILENCE))


def post_worker_init(worker: TasksWorker) -> None:
    """Open a first connection, so that each worker has one where the database allows only a few."""
    # It may serve something else: an application around this one, for example.
    if isinstance(worker.wsgi, Flask):
        worker.waits = worker.wsgi.extensions["waits"]
        gevent.spawn(worker.wsgi.extensions["database"].connect)
