"""What is logged, and how: an id, a measurement and a line for each request; JSON or text."""

import logging
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import cache, partial
from secrets import token_hex
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import orjson
from flask import Flask, Request, has_request_context, request
from prometheus_client import Histogram
from werkzeug.wsgi import ClosingIterator

from tasks_api.http.security_headers import HEADERS

ACCEPTED_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
# W3C Trace Context, section 3.2.2: version, trace id, parent id, flags; ids of zeros are invalid.
TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})(?P<trace_id>[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?"
)

# Where in the WSGI environment the id is.
ID = "tasks_api.request_id"
# There, of a request that is held open: its line, once its answer has begun.
HELD = "tasks_api.held"

REQUESTS = Histogram(
    "tasks_api_request_duration_seconds",
    "How long the application took to answer.",
    ["method", "route", "status"],
    buckets=(0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5),
)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Looking the labels up in the histogram takes as long as counting.
_labelled = cache(REQUESTS.labels)

logger = logging.getLogger("tasks_api.request")

# Writes the line of a request: its status, headers and seconds.
Writer = Callable[[Request, int, Mapping[str, str], float], None]


class RequestLog:
    """WSGI middleware: names each request, measures and logs it, and adds what all answers have."""

    def __init__(self, application: WSGIApplication, write: Writer) -> None:
        self._application = application
        self._write = write

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve a request."""
        began = time.perf_counter()
        given = environ.get("HTTP_X_REQUEST_ID", "")
        environ[ID] = given if ACCEPTED_ID.fullmatch(given) else token_hex(16)

        def answer(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            names = {name for name, _ in headers}
            headers.extend(header for header in HEADERS.items() if header[0] not in names)
            headers.append(("X-Request-Id", environ[ID]))
            # Flask takes it out when the application returns.
            served, code = environ["werkzeug.request"], int(status[:3])
            if HELD in environ:
                environ[HELD] = partial(self._log, served, code, headers, began)
            else:
                measure(served, code, time.perf_counter() - began)
                self._log(served, code, headers, began)
            return start_response(status, headers, *more)

        parts = self._application(environ, answer)
        return ClosingIterator(parts, environ[HELD]) if HELD in environ else parts

    def _log(
        self, served: Request, status: int, headers: list[tuple[str, str]], began: float
    ) -> None:
        if logger.isEnabledFor(logging.INFO):
            self._write(served, status, dict(headers), time.perf_counter() - began)


def init_app(app: Flask, log_format: str) -> None:
    """Name, measure and log all requests of the app."""
    write = write_json if log_format == "json" else write_text
    app.wsgi_app = RequestLog(app.wsgi_app, write)  # type: ignore[method-assign]


def hold() -> None:
    """Have the current request logged when it is over, and not measured: it waits for others."""
    request.environ[HELD] = None


def request_id() -> str | None:
    """Return the id of the current request."""
    return request.environ.get(ID)


def measure(served: Request, status: int, seconds: float) -> None:
    """Count a request. Nothing that a client can choose freely becomes a label."""
    method = served.method if served.method in METHODS else "other"
    rule = served.url_rule
    _labelled(method, rule.rule if rule else "none", status).observe(seconds)


def write_json(served: Request, status: int, headers: Mapping[str, str], seconds: float) -> None:
    """Write the line, as the formatter of all other lines would, in a fifth of the time."""
    size = headers.get("Content-Length")
    line: dict[str, Any] = {
        "level": "INFO",
        "logger": logger.name,
        "message": "request",
        "method": served.method,
        # The template, not the path: lines of one kind of request can be counted together.
        "route": served.url_rule.rule if served.url_rule else None,
        "status": status,
        "milliseconds": round(seconds * 1000, 3),
        "bytes": size and int(size),
    }
    if trace := TRACEPARENT.fullmatch(served.environ.get("HTTP_TRACEPARENT", "")):
        line["trace_id"] = trace["trace_id"]
    line |= {"request_id": served.environ[ID], "time": datetime.now(UTC)}
    sys.stdout.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE).decode())
    sys.stdout.flush()


def write_text(served: Request, status: int, _: Mapping[str, str], seconds: float) -> None:
    """Write the line for a terminal: no id and no path, as in JSON, but shorter."""
    # A method can have any characters under some servers; a terminal would obey some of them.
    method = repr(served.method)[1:-1]
    route = served.url_rule.rule if served.url_rule else "-"
    now = time.strftime("%H:%M:%S")
    sys.stdout.write(f"{now} INFO    {method:6} {status} {seconds * 1000:7.1f} ms  {route}\n")
    sys.stdout.flush()


def format_for(setting: str | None) -> str:
    """Return the format of log lines: `LOG_FORMAT`, or what fits where they go."""
    return setting or ("text" if sys.stdout.isatty() else "json")


def logging_config(level: str, log_format: str) -> dict[str, Any]:
    """Return the configuration of all logging: lines on stdout, or on stderr for commands."""
    # What a command prints, such as a token, must be all that it prints.
    is_command = os.environ.get("FLASK_RUN_FROM_CLI") == "true"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": "tasks_api.http.log_format.JsonFormatter",
                "fmt": ["levelname", "name", "message"],
                "rename_fields": {"levelname": "level", "name": "logger", "exc_info": "traceback"},
                "timestamp": "time",
            },
            "text": {"()": "tasks_api.http.log_format.TextFormatter"},
        },
        "handlers": {
            "lines": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stderr" if is_command else "ext://sys.stdout",
                "formatter": log_format,
                "filters": [add_request_id],
            }
        },
        # What libraries say at DEBUG has settings, addresses and ids in it.
        "root": {"handlers": ["lines"], "level": at_least("INFO", level)},
        "loggers": {
            "tasks_api": {"level": level},
            # gunicorn gives its logger a handler and a level of its own; this takes them away.
            "gunicorn.error": {"handlers": [], "propagate": True, "level": "NOTSET"},
            "alembic.runtime.migration": {"filters": [is_migration_step]},
            # When it is imported, it lists its own parts.
            "alembic.runtime.plugins": {"level": at_least("WARNING", level)},
        },
    }


def at_least(lowest: str, level: str) -> str:
    """Return the higher one of two levels."""
    return max(lowest, level, key=logging.getLevelNamesMapping().__getitem__)


def add_request_id(record: logging.LogRecord) -> bool:
    """Put the request's id into all that is logged while it is served."""
    if has_request_context():
        record.request_id = request_id()
    return True


def is_migration_step(record: logging.LogRecord) -> bool:
    """Keep the line for each migration; the others say nothing that is new."""
    return record.msg.startswith("Running")
