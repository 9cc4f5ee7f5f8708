"""gunicorn's own messages, as JSON lines like those of the application."""

from __future__ import annotations

import logging.config
from typing import Any

from gunicorn import glogging

from tasks_api.http.request_log import logging_config


class Logger(glogging.Logger):
    """gunicorn's logger with the application's format.

    It relies on `setup` being what gives gunicorn's two loggers their handlers. Nothing writes to
    the access log, however it is set up: the worker doesn't, because the application logs requests.
    """

    def setup(self, cfg: Any) -> None:
        """Set up gunicorn's logging its own way, then replace its handlers and format."""
        super().setup(cfg)
        logging.config.dictConfig(logging_config(cfg.loglevel.upper()))
