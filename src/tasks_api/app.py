"""The application factory: a table of contents."""

import logging.config
import os
from pathlib import Path

from flask import Flask

from tasks_api import cli, local_database
from tasks_api.config import Config, from_environ
from tasks_api.database import execution
from tasks_api.http import cors, docs, exposition, health, log, problems, rate_limit, strict_input
from tasks_api.http.service import Service
from tasks_api.http.smorest import Api
from tasks_api.identity import guard
from tasks_api.identity.tokens import Verifier, key_source
from tasks_api.tasks import blueprint as tasks
from tasks_api.tasks.blueprint import DOCUMENT
from tasks_api.tasks.changes import waits

# The example page of a checkout.
DEMO = Path(__file__).parents[2] / "examples" / "web"


def create_app(config: Config | None = None) -> Flask:
    """Make the application.

    Args:
        config: the settings; without them, the environment's.

    Raises:
        ConfigError: a setting is missing or wrong, named in one line.
    """
    config = config or from_environ(os.environ)
    log_format = log.format_for(config.log_format)
    logging.config.dictConfig(log.logging_config(config.log_level, log_format))
    app = Service(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = config.max_body_bytes
    log.init_app(app, log_format)
    strict_input.init_app(app)
    execution.init_app(
        app,
        config.database_url or local_database.start(config.data_dir),
        pool_size=config.database_pool_size,
        statement_timeout_ms=config.statement_timeout_ms,
        prepare=config.prepared_statements,
    )
    if not config.database_url:
        local_database.start_again_if_it_ends(config.data_dir, app.extensions["database"].engine)
    api = Api(app, spec_kwargs=DOCUMENT)
    problems.document(api.spec)
    rate_limit.document(api)
    docs.init_app(app, api)
    if config.auth == "jwt":
        guard.init_app(app, api, verifier_for(config))
    api.register_blueprint(tasks)
    waits.init_app(app)
    api.register_blueprint(health.blueprint)
    exposition.init_app(app, config.metrics_token, open_to_all=config.database_url is None)
    if config.database_url is None:
        docs.serve_folder(app, "demo", DEMO)
    cors.init_app(app, config.cors_origins)
    if config.rate_limit:
        rate_limit.init_app(
            app,
            config.rate_limit,
            config.rate_limit_storage_url,
            trusted_proxies=config.trusted_proxies,
            caller=guard.caller,
        )
    cli.init_app(app, config)
    return app


def verifier_for(config: Config) -> Verifier:
    """Return the verifier of tokens that the settings ask for."""
    return Verifier(
        key_source(config.jwt_secret, config.jwt_jwks_url),
        issuer=config.jwt_issuer,
        audience=config.jwt_audience,
        user_claim=config.jwt_user_claim,
        user_namespace=config.jwt_user_namespace,
    )
