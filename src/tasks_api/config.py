"""Settings: a pure function of the environment, checked once, before anything else starts."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from jwt import InvalidKeyError
from jwt.algorithms import HMACAlgorithm
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

AUTH_MODES = ("none", "jwt")
JWT_SETTINGS = ("JWT_JWKS_URL", "JWT_SECRET", "JWT_ISSUER", "JWT_AUDIENCE")
# As long as what HS256 makes of it (RFC 7518, section 3.2).
SECRET_MIN_BYTES = 32
# Names that nobody can have on the public internet (RFC 6761, RFC 6762, and ICANN for .internal).
INSIDE = (".internal", ".local", ".localhost")
# As a browser writes the Origin header (RFC 6454, section 6.2), in lower case.
ORIGIN = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?P<port>:[0-9]{1,5})?"
)
DEFAULT_PORTS = {"http": ":80", "https": ":443"}
# RFC 1123, section 2.1; were the last label digits, it would be a malformed address.
HOST_NAME = re.compile(r"([a-z0-9-]+\.)*[a-z][a-z0-9-]*", re.ASCII | re.IGNORECASE)
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
    auth: Literal["none", "jwt"] = "none"
    jwt_jwks_url: str | None = None
    jwt_secret: bytes | None = field(default=None, repr=False)
    jwt_issuer: str = ""
    jwt_audience: str = ""
    cors_origins: tuple[str, ...] = ()
    host: str = "127.0.0.1"
    port: int = 8000
    web_concurrency: int = 1
    max_body_bytes: int = 64 * 1024
    database_pool_size: int = 10
    statement_timeout_ms: int = 10_000
    request_head_seconds: int = 20
    request_body_seconds: int = 20
    request_body_bytes_per_second: int = 1000
    answer_seconds: int = 30
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
            "AUTH must be set where DATABASE_URL is: `jwt` to check tokens, or `none` if a gateway "
            "has already checked who is calling."
        )
    return Config(
        database_url=database_url,
        data_dir=Path(environ.get("DATA_DIR") or "var").resolve(),
        auth=auth,  # type: ignore[arg-type]
        **_jwt_settings(environ, auth),
        cors_origins=tuple(_origins(environ.get("CORS_ORIGINS", ""))),
        host=_host(environ.get("HOST") or "127.0.0.1"),
        port=_integer(environ, "PORT", 8000, 1, 65535),
        web_concurrency=_integer(environ, "WEB_CONCURRENCY", os.cpu_count() or 1, 1, 256),
        max_body_bytes=_integer(environ, "MAX_BODY_BYTES", 64 * 1024, 1024, 2**30),
        database_pool_size=_integer(environ, "DATABASE_POOL_SIZE", 10, 1, 1000),
        statement_timeout_ms=_integer(environ, "STATEMENT_TIMEOUT_MS", 10_000, 0, 600_000),
        request_head_seconds=_integer(environ, "REQUEST_HEAD_SECONDS", 20, 1, 600),
        request_body_seconds=_integer(environ, "REQUEST_BODY_SECONDS", 20, 1, 600),
        request_body_bytes_per_second=_integer(
            environ, "REQUEST_BODY_BYTES_PER_SECOND", 1000, 1, 10**9
        ),
        answer_seconds=_integer(environ, "ANSWER_SECONDS", 30, 1, 600),
        log_level=_one_of(environ, "LOG_LEVEL", LOG_LEVELS, default="INFO"),
    )


def _integer(environ: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = environ.get(name) or str(default)
    # isdecimal alone would let through other scripts' digits, and int() of thousands of them.
    if not (text.isascii() and text.isdecimal() and len(text) < 12 and low <= int(text) <= high):  # noqa: PLR2004
        raise ConfigError(f"{name} must be a whole number from {low} to {high}, not {text!r}.")
    return int(text)


def _host(text: str) -> str:
    try:
        ip_address(text)
    except ValueError:
        if not HOST_NAME.fullmatch(text):
            raise ConfigError(
                "HOST must be an address or a name of this machine, such as 0.0.0.0, ::1 or "
                f"localhost, not {text!r}."
            ) from None
    return text


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


def _jwt_settings(environ: Mapping[str, str], auth: str) -> dict[str, Any]:
    given = {name: environ[name] for name in JWT_SETTINGS if environ.get(name)}
    if auth != "jwt":
        for name in given:
            # Whoever sets it believes that tokens are checked.
            raise ConfigError(f"{name} is set, but AUTH is not `jwt`: set that too, or neither.")
        return {}
    if "JWT_JWKS_URL" in given and "JWT_SECRET" in given:
        raise ConfigError("JWT_JWKS_URL and JWT_SECRET exclude each other: set one of them.")
    if "JWT_JWKS_URL" not in given and "JWT_SECRET" not in given:
        raise ConfigError("JWT_JWKS_URL or JWT_SECRET must be set where AUTH is `jwt`.")
    for name in ("JWT_ISSUER", "JWT_AUDIENCE"):
        if name not in given:
            raise ConfigError(f"{name} must be set where AUTH is `jwt`.")
    if "JWT_JWKS_URL" in given:
        keys: dict[str, Any] = {"jwt_jwks_url": _jwks_url(given["JWT_JWKS_URL"])}
    else:
        keys = {"jwt_secret": _secret(given["JWT_SECRET"])}
    return {**keys, "jwt_issuer": given["JWT_ISSUER"], "jwt_audience": given["JWT_AUDIENCE"]}


def _jwks_url(text: str) -> str:
    try:
        url = urlsplit(text)
        host, _ = url.hostname or "", url.port
    except ValueError:
        host = ""
    # The text is not repeated, here and below: it may hold a password.
    if not (re.fullmatch("[!-~]+", text) and host and url.scheme in {"http", "https"}):
        raise ConfigError("JWT_JWKS_URL is not a URL (https://issuer.example/api/auth/jwks).")
    if "@" in url.netloc or "#" in text:
        raise ConfigError("JWT_JWKS_URL must not have a user, a password or a fragment.")
    if url.scheme == "http" and not _is_inside(host):
        raise ConfigError(
            "JWT_JWKS_URL must start with https://: over http, whoever sits on the way could "
            "give out keys; only private addresses and names may do without."
        )
    return text


def _is_inside(host: str) -> bool:
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith(INSIDE)


def _secret(text: str) -> bytes:
    # What isn't UTF-8 in an environment comes as lone surrogates.
    secret = text.encode(errors="surrogateescape")
    if len(secret) < SECRET_MIN_BYTES:
        raise ConfigError(
            f"JWT_SECRET must have at least {SECRET_MIN_BYTES} bytes: `openssl rand -base64 32`."
        )
    try:
        return HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(secret)
    except InvalidKeyError:
        raise ConfigError(
            "JWT_SECRET must not be a key or a certificate: others are meant to know those."
        ) from None


def _origins(text: str) -> Iterator[str]:
    for number, given in enumerate(filter(None, map(str.strip, text.split(","))), 1):
        origin = ORIGIN.fullmatch(given.lower())
        if not origin or int((origin["port"] or ":0")[1:]) > 65535:  # noqa: PLR2004
            raise ConfigError(
                "CORS_ORIGINS must be origins with commas between them, such as "
                f"https://app.example,http://localhost:3000, without paths or *; number {number} "
                "is not one."
            )
        # Browsers leave out the port that goes without saying.
        yield origin[0].removesuffix(DEFAULT_PORTS.get(origin["scheme"]) or "/")
