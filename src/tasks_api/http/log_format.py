"""What log lines look like: JSON, or text for a terminal."""

from __future__ import annotations

import logging
import os
from typing import Any

from flask import has_request_context
from pythonjsonlogger.core import RESERVED_ATTRS

from tasks_api.http.request_log import request_id


def logging_config(level: str, log_format: str) -> dict[str, Any]:
    """Return the configuration of all logging: lines on stdout, or on stderr for commands."""
    # What a command prints, such as a token, must be all that it prints.
    is_command = os.environ.get("FLASK_RUN_FROM_CLI") == "true"
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
        "root": {"handlers": ["lines"], "level": level},
        "loggers": {
            # gunicorn gives its logger a handler of its own; this takes it away.
            "gunicorn.error": {"handlers": [], "propagate": True},
            "alembic.runtime.migration": {"filters": [is_migration_step]},
        },
    }


class TextFormatter(logging.Formatter):
    """Short lines: time, level, message, and then what else is known."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """Return the line, without a traceback."""
        others = [
            f" {name}={value!r}"
            for name, value in vars(record).items()
            if name not in RESERVED_ATTRS
        ]
        return super().formatMessage(record) + "".join(others)


def add_request_id(record: logging.LogRecord) -> bool:
    """Put the request's id into all that is logged while it is served."""
    if has_request_context():
        record.request_id = request_id()
    return True


def is_migration_step(record: logging.LogRecord) -> bool:
    """Keep the line for each migration; the others say nothing that is new."""
    return record.msg.startswith("Running")
