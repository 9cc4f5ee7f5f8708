"""A name for each request, and one JSON line about it on stdout."""

from __future__ import annotations

import logging
import logging.config
import re
import time
from typing import Any
from uuid import uuid4

from flask import Flask, Response, g, has_request_context, request

ACCEPTED_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
# W3C Trace Context, section 3.2.2: version, trace id, parent id, flags; ids of zeros are invalid.
TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})(?P<trace_id>[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?"
)

logger = logging.getLogger("tasks_api.request")


def logging_config(level: str) -> dict[str, Any]:
    """Give the configuration of all logging: JSON lines on stdout."""
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
    """Puts the request's id into whatever is logged while it is served."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, with `request_id` where there is one."""
        if has_request_context() and "request_id" in g:
            record.request_id = g.request_id
        return True


def init_app(app: Flask) -> None:
    """Name each request before anything else happens to it, and log it when it is answered."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    g.started = time.perf_counter()
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if ACCEPTED_ID.fullmatch(given) else uuid4().hex


def _end(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.request_id
    fields = {
        "method": request.method,
        # The template, not the path: lines of one kind of request can be counted together.
        "route": request.url_rule.rule if request.url_rule else None,
        "status": response.status_code,
        "milliseconds": round((time.perf_counter() - g.started) * 1000, 3),
        "bytes": response.content_length,
    }
    trace = TRACEPARENT.fullmatch(request.headers.get("traceparent", ""))
    if trace:
        fields["trace_id"] = trace["trace_id"]
    logger.info("request", extra=fields)
    return response
