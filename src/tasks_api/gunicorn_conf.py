"""How gunicorn serves: `gunicorn --config python:tasks_api.gunicorn_conf wsgi:app`."""

from __future__ import annotations

# gevent replaces parts of the standard library; this must happen before they are imported.
from gevent import monkey

monkey.patch_all()

# ruff: noqa: E402
import os
import resource
from pathlib import Path
from typing import Any

import gevent
from psycopg2 import extensions

from tasks_api.config import from_environ
from tasks_api.database import embedded
from tasks_api.serving.client import Patience
from tasks_api.serving.database_wait import wait_callback
from tasks_api.serving.logger import Logger
from tasks_api.serving.worker import Worker

settings = from_environ(os.environ)

# The colons of an IPv6 address would be taken for the one before the port.
host = f"[{settings.host}]" if ":" in settings.host else settings.host
bind = f"{host}:{settings.port}"
workers = settings.web_concurrency
worker_class = Worker
worker_connections = 1000
# So many connections don't fit into the 1,024 open files that a process usually may have.
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))
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
# The workers' heartbeat must not wait for a disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
logger_class = Logger
loglevel = settings.log_level.lower()

# More than the database takes to cancel a statement that is too slow.
DATABASE_SILENCE = (settings.statement_timeout_ms / 1000 or 60) + 5


def on_starting(_server: Any) -> None:
    """Start the embedded database, once, before there are workers."""
    if settings.database_url is None:
        embedded.start(settings.data_dir)


def post_fork(_server: Any, worker: Worker) -> None:
    """Say how long to wait: for clients, and for the database, while other requests go on."""
    worker.patience = Patience(
        head=settings.request_head_seconds,
        body=settings.request_body_seconds,
        body_bytes_per_second=settings.request_body_bytes_per_second,
        answer=settings.answer_seconds,
        idle=worker.cfg.keepalive,
    )
    extensions.set_wait_callback(wait_callback(DATABASE_SILENCE))


def post_worker_init(worker: Any) -> None:
    """Open a first connection, so that each worker has one where the database allows only a few."""
    gevent.spawn(worker.wsgi.extensions["database"].connect)
