"""Settings: a pure function of the environment, checked once, before anything else starts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

AUTH_MODES = ("none",)
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class ConfigError(SystemExit):
    """A setting that stops the start.

    Python prints the text of an uncaught `SystemExit` as one line on stderr and exits with 1,
    whoever imported us: gunicorn, the `flask` command or another WSGI server.
    """


@dataclass(frozen=True, kw_only=True)
class Config:
    """What the environment says, typed; each field is the setting of that name in README."""

    database_url: URL | None = None
    data_dir: Path = Path("var")
    auth: Literal["none"] = "none"
    host: str = "127.0.0.1"
    port: int = 8000
    web_concurrency: int = 1
    max_body_bytes: int = 64 * 1024
    database_pool_size: int = 10
    statement_timeout_ms: int = 10_000
    log_level: str = "INFO"


def from_environ(environ: Mapping[str, str]) -> Config:
    """Read the settings; an empty variable counts as one that isn't set.

    Raises:
        ConfigError: a value is missing, misspelt or contradicts another; the text names it.
    """
    database_url = _database_url(environ.get("DATABASE_URL", ""))
    auth = _one_of(environ, "AUTH", AUTH_MODES, default="" if database_url else "none")
    if not auth:
        raise ConfigError(
            "AUTH must be set where DATABASE_URL is: `none` if a gateway has already checked "
            "who is calling."
        )
    return Config(
        database_url=database_url,
        data_dir=Path(environ.get("DATA_DIR") or "var").resolve(),
        auth=auth,  # type: ignore[arg-type]
        host=environ.get("HOST") or "127.0.0.1",
        port=_integer(environ, "PORT", 8000, 1, 65535),
        web_concurrency=_integer(environ, "WEB_CONCURRENCY", os.cpu_count() or 1, 1, 256),
        max_body_bytes=_integer(environ, "MAX_BODY_BYTES", 64 * 1024, 1024, 2**30),
        database_pool_size=_integer(environ, "DATABASE_POOL_SIZE", 10, 1, 1000),
        statement_timeout_ms=_integer(environ, "STATEMENT_TIMEOUT_MS", 10_000, 0, 600_000),
        log_level=_one_of(environ, "LOG_LEVEL", LOG_LEVELS, default="INFO"),
    )


def _integer(environ: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = environ.get(name) or str(default)
    # isdecimal alone would let through other scripts' digits, and int() of thousands of them.
    if not (text.isascii() and text.isdecimal() and len(text) < 12 and low <= int(text) <= high):  # noqa: PLR2004
        raise ConfigError(f"{name} must be a whole number from {low} to {high}, not {text!r}.")
    return int(text)


def _one_of(
    environ: Mapping[str, str], name: str, choices: tuple[str, ...], *, default: str
) -> str:
    text = environ.get(name) or default
    if text and text not in choices:
        raise ConfigError(f"{name} must be one of {', '.join(choices)}, not {text!r}.")
    return text


def _database_url(text: str) -> URL | None:
    """Name the driver: `postgres://` is what platforms say, and SQLAlchemy 2.1 takes a bare
    `postgresql://` to mean psycopg 3."""
    if not text:
        return None
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        # The text is not repeated: it may hold a password.
        raise ConfigError("DATABASE_URL is not a URL (postgresql://user:pass@host/name).") from None
    if url.drivername not in {"postgres", "postgresql", "postgresql+psycopg2"}:
        raise ConfigError(
            f"DATABASE_URL must start with postgres:// or postgresql://, not {url.drivername}://."
        )
    return url.set(drivername="postgresql+psycopg2")
