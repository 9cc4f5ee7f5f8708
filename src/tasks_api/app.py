"""The application factory: a table of contents."""

from __future__ import annotations

import logging.config
import os
from collections.abc import Callable
from typing import Any

import orjson
from flask import Flask
from flask.json.provider import JSONProvider

from tasks_api import cli
from tasks_api.config import Config, from_environ
from tasks_api.database import embedded, execution
from tasks_api.http import (
    cors,
    docs,
    exposition,
    health,
    problems,
    rate_limit,
    request_log,
    request_target,
)
from tasks_api.http.log_format import logging_config
from tasks_api.http.smorest import Api
from tasks_api.identity import guard, me
from tasks_api.tasks import blueprint as tasks


class OrjsonProvider(JSONProvider):
    """JSON by orjson, which writes UUIDs, and datetimes as RFC 3339 in UTC."""

    def dumps(self, obj: Any, *, indent: int | None = None, **_: object) -> str:
        """Write JSON, indented by two spaces if any indent is asked for."""
        indented = orjson.OPT_INDENT_2 if indent else 0
        return orjson.dumps(obj, option=orjson.OPT_UTC_Z | indented).decode()

    def loads(self, s: str | bytes, **_: object) -> Any:
        """Read JSON."""
        return orjson.loads(s)


class Service(Flask):
    """Flask without coroutines."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return a view as it is; Flask would inspect each function of a request, each time."""
        return func


def create_app(config: Config | None = None) -> Flask:
    """Make the application.

    Args:
        config: the settings; without them, the environment's.

    Raises:
        ConfigError: a setting is missing or wrong, named in one line.
    """
    config = config or from_environ(os.environ)
    logging.config.dictConfig(logging_config(config.log_level, config.log_format))
    app = Service(__name__, static_folder=None)
    app.json = OrjsonProvider(app)
    app.config["MAX_CONTENT_LENGTH"] = config.max_body_bytes
    request_log.init_app(app, config.log_format)
    request_target.init_app(app)
    execution.init_app(app, config.database_url or embedded.start(config.data_dir), config)
    api = Api(app, spec_kwargs=docs.DOCUMENT)
    problems.document(api.spec)
    rate_limit.document(api)
    docs.init_app(app, api)
    guard.init_app(app, api, config)
    if config.auth == "jwt":
        api.register_blueprint(me.blueprint)
    api.register_blueprint(tasks)
    api.register_blueprint(health.blueprint)
    exposition.init_app(app, config)
    cors.init_app(app, config.cors_origins)
    rate_limit.init_app(app, config)
    cli.init_app(app, config)
    return app
