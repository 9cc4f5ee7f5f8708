"""A name for each request, and one JSON line about it on stdout."""

from __future__ import annotations

import logging
import logging.config
import re
import sys
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import orjson
from flask import Flask, Request, has_request_context, request

from tasks_api.http import metrics

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ACCEPTED_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
# W3C Trace Context, section 3.2.2: version, trace id, parent id, flags; ids of zeros are invalid.
TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})(?P<trace_id>[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?"
)

# Where in the WSGI environment the id is.
ID = "tasks_api.request_id"

logger = logging.getLogger("tasks_api.request")


def logging_config(level: str) -> dict[str, Any]:
    """Return the configuration of all logging: JSON lines on stdout."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": "pythonjsonlogger.orjson.OrjsonFormatter",
                "fmt": ["levelname", "name", "message"],
                "rename_fields": {
                    "levelname": "level",
                    "name": "logger",
                    "exc_info": "traceback",
                },
                "timestamp": "time",
            }
        },
        "filters": {"request_id": {"()": "tasks_api.http.request_log.RequestId"}},
        "handlers": {
            "stdout": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stdout",
                "formatter": "json",
                "filters": ["request_id"],
            }
        },
        "root": {"handlers": ["stdout"], "level": level},
        "loggers": {
            # gunicorn gives its logger a handler of its own; this takes it away.
            "gunicorn.error": {"handlers": [], "propagate": True},
            # What a command prints, such as a token, must be all that it prints.
            "alembic": {"level": "WARNING"},
        },
    }


class RequestId(logging.Filter):
    """Puts the request's id into all that is logged while it is served."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, with `request_id` where there is one."""
        if has_request_context():
            record.request_id = request_id()
        return True


class RequestLog:
    """WSGI middleware: names each request, and measures and logs it when it is answered."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve a request."""
        began = time.perf_counter()
        given = environ.get("HTTP_X_REQUEST_ID", "")
        environ[ID] = given if ACCEPTED_ID.fullmatch(given) else uuid4().hex

        def answer(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            headers.append(("X-Request-Id", environ[ID]))
            code, seconds = int(status[:3]), time.perf_counter() - began
            metrics.measure(environ["werkzeug.request"], code, seconds)
            if logger.isEnabledFor(logging.INFO):
                _write(environ, code, dict(headers), seconds)
            return start_response(status, headers, *more)

        return self._application(environ, answer)


def init_app(app: Flask) -> None:
    """Name and log all requests of the app."""
    app.wsgi_app = RequestLog(app.wsgi_app)  # type: ignore[method-assign]


def request_id() -> str | None:
    """Return the id of the current request."""
    return request.environ.get(ID)


def _write(
    environ: WSGIEnvironment, status: int, headers: Mapping[str, str], seconds: float
) -> None:
    """Write the line, as the formatter above would: that takes five times as long."""
    served: Request = environ["werkzeug.request"]
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
    if trace := TRACEPARENT.fullmatch(environ.get("HTTP_TRACEPARENT", "")):
        line["trace_id"] = trace["trace_id"]
    line |= {"request_id": environ[ID], "time": datetime.now(UTC)}
    sys.stdout.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE).decode())
    sys.stdout.flush()
