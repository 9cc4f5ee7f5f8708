"""Settings: a pure function of the environment, checked once, before anything else starts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypedDict, TypeVar
from uuid import UUID

from sqlalchemy.engine import URL

from tasks_api import setting_checks
from tasks_api.setting_checks import ConfigError

Choice = TypeVar("Choice", bound=str)
AuthMode = Literal["none", "jwt"]

AUTH_MODES: tuple[AuthMode, ...] = ("none", "jwt")
JWT_SETTINGS = (
    "JWT_JWKS_URL",
    "JWT_SECRET",
    "JWT_ISSUER",
    "JWT_AUDIENCE",
    "JWT_USER_CLAIM",
    "JWT_USER_NAMESPACE",
)
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


@dataclass(frozen=True, kw_only=True)
class Config:
    """The settings with their types; each field is the variable of that name in README."""

    database_url: URL | None = None
    data_dir: Path = Path("var")
    auth: AuthMode = "none"
    jwt_jwks_url: str | None = None
    jwt_secret: bytes | None = field(default=None, repr=False)
    jwt_issuer: str = ""
    jwt_audience: str = ""
    jwt_user_claim: str = "sub"
    jwt_user_namespace: UUID | None = None
    cors_origins: tuple[str, ...] = ()
    host: str = "127.0.0.1"
    port: int = 8000
    web_concurrency: int = 1
    max_body_bytes: int = 64 * 1024
    database_pool_size: int = 10
    statement_timeout_ms: int = 10_000
    prepared_statements: bool = True
    request_head_seconds: int = 20
    request_body_seconds: int = 20
    request_body_bytes_per_second: int = 1000
    answer_seconds: int = 30
    log_level: str = "INFO"


def from_environ(environ: Mapping[str, str]) -> Config:
    """Return the settings. An empty variable counts as one that isn't set.

    Raises:
        ConfigError: a value is missing, misspelt or contradicts another; the text names it.
    """
    database_url = setting_checks.database_url(environ.get("DATABASE_URL", ""))
    auth = _one_of(environ, "AUTH", AUTH_MODES)
    if database_url and not auth:
        raise ConfigError(
            "AUTH must be set where DATABASE_URL is: `jwt` to check tokens, or `none` if a gateway "
            "has already checked who is calling."
        )
    return Config(
        database_url=database_url,
        data_dir=Path(environ.get("DATA_DIR") or "var").resolve(),
        auth=auth or Config.auth,
        **_jwt_settings(environ, auth),
        cors_origins=tuple(setting_checks.origins(environ.get("CORS_ORIGINS", ""))),
        host=setting_checks.host(environ.get("HOST") or Config.host),
        port=_integer(environ, "PORT", Config.port, 1, 65535),
        web_concurrency=_integer(environ, "WEB_CONCURRENCY", os.cpu_count() or 1, 1, 256),
        max_body_bytes=_integer(environ, "MAX_BODY_BYTES", Config.max_body_bytes, 1024, 2**30),
        database_pool_size=_integer(
            environ, "DATABASE_POOL_SIZE", Config.database_pool_size, 1, 1000
        ),
        statement_timeout_ms=_integer(
            environ, "STATEMENT_TIMEOUT_MS", Config.statement_timeout_ms, 0, 600_000
        ),
        prepared_statements=_one_of(environ, "PREPARED_STATEMENTS", ("on", "off")) != "off",
        request_head_seconds=_integer(
            environ, "REQUEST_HEAD_SECONDS", Config.request_head_seconds, 1, 600
        ),
        request_body_seconds=_integer(
            environ, "REQUEST_BODY_SECONDS", Config.request_body_seconds, 1, 600
        ),
        request_body_bytes_per_second=_integer(
            environ,
            "REQUEST_BODY_BYTES_PER_SECOND",
            Config.request_body_bytes_per_second,
            *(1, 10**9),
        ),
        answer_seconds=_integer(environ, "ANSWER_SECONDS", Config.answer_seconds, 1, 600),
        log_level=_one_of(environ, "LOG_LEVEL", LOG_LEVELS) or Config.log_level,
    )


def _integer(environ: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = environ.get(name) or str(default)
    # isdecimal alone would accept digits of other scripts; int() is slow for thousands of digits.
    if not (text.isascii() and text.isdecimal() and len(text) < 12 and low <= int(text) <= high):  # noqa: PLR2004
        raise ConfigError(f"{name} must be a whole number from {low} to {high}, not {text!r}.")
    return int(text)


def _one_of(environ: Mapping[str, str], name: str, choices: tuple[Choice, ...]) -> Choice | None:
    text = environ.get(name)
    if not text:
        return None
    for choice in choices:
        if text == choice:
            return choice
    raise ConfigError(f"{name} must be one of {', '.join(choices)}, not {text!r}.")


class _JwtSettings(TypedDict, total=False):
    jwt_jwks_url: str
    jwt_secret: bytes
    jwt_issuer: str
    jwt_audience: str
    jwt_user_claim: str
    jwt_user_namespace: UUID


def _jwt_settings(environ: Mapping[str, str], auth: AuthMode | None) -> _JwtSettings:
    given = {name: environ[name] for name in JWT_SETTINGS if environ.get(name)}
    if auth != "jwt":
        if given:
            # A setting for tokens suggests that they are checked.
            name = next(iter(given))
            raise ConfigError(f"{name} is set, but AUTH is not `jwt`: set that too, or neither.")
        return {}
    if "JWT_JWKS_URL" in given and "JWT_SECRET" in given:
        raise ConfigError("JWT_JWKS_URL and JWT_SECRET exclude each other: set one of them.")
    if "JWT_JWKS_URL" not in given and "JWT_SECRET" not in given:
        raise ConfigError("JWT_JWKS_URL or JWT_SECRET must be set where AUTH is `jwt`.")
    for name in ("JWT_ISSUER", "JWT_AUDIENCE"):
        if name not in given:
            raise ConfigError(f"{name} must be set where AUTH is `jwt`.")
    settings = _JwtSettings(jwt_issuer=given["JWT_ISSUER"], jwt_audience=given["JWT_AUDIENCE"])
    if "JWT_JWKS_URL" in given:
        settings["jwt_jwks_url"] = setting_checks.jwks_url(given["JWT_JWKS_URL"])
    else:
        settings["jwt_secret"] = setting_checks.jwt_secret(given["JWT_SECRET"])
    if "JWT_USER_CLAIM" in given:
        settings["jwt_user_claim"] = setting_checks.user_claim(given["JWT_USER_CLAIM"])
    if "JWT_USER_NAMESPACE" in given:
        settings["jwt_user_namespace"] = setting_checks.namespace(given["JWT_USER_NAMESPACE"])
    return settings
