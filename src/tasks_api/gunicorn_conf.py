"""How gunicorn serves: `gunicorn --config python:tasks_api.gunicorn_conf wsgi:app`."""

from __future__ import annotations

# gevent replaces parts of the standard library; this must happen before they are imported.
from gevent import monkey

monkey.patch_all()

# ruff: noqa: E402
import os
from pathlib import Path
from typing import Any

from gunicorn import util
from psycopg2 import extensions

from tasks_api.config import from_environ
from tasks_api.database import embedded
from tasks_api.serving.database_wait import wait_callback
from tasks_api.serving.logger import Logger
from tasks_api.serving.refusals import write_problem
from tasks_api.serving.worker import Worker

settings = from_environ(os.environ)

bind = f"{settings.host}:{settings.port}"
workers = settings.web_concurrency
worker_class = Worker
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
logger_class = Logger
loglevel = settings.log_level.lower()
# There is no setting for how gunicorn writes its errors.
util.write_error = write_problem  # type: ignore[assignment]

# More than the database takes to cancel a statement that is too slow.
DATABASE_SILENCE = (settings.statement_timeout_ms / 1000 or 60) + 5


def on_starting(_server: Any) -> None:
    """Start the embedded database, once, before there are workers."""
    if settings.database_url is None:
        embedded.start(settings.data_dir)


def post_fork(_server: Any, _worker: Any) -> None:
    """Let other requests go on while one waits for the database."""
    extensions.set_wait_callback(wait_callback(DATABASE_SILENCE))
