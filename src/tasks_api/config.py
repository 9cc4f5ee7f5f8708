"""The settings: a pure function of the environment, checked once, before anything else starts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, get_type_hints
from uuid import UUID

from sqlalchemy.engine import URL

from tasks_api.database import settings as database
from tasks_api.http import settings as http
from tasks_api.http.settings import Rate
from tasks_api.identity import settings as identity
from tasks_api.settings import ConfigError, address_or_name, number, on_or_off, one_of


@dataclass(frozen=True, kw_only=True)
class Config:
    """The settings: type, reader and default. README says what each of them means."""

    database_url: Annotated[URL | None, database.database_url] = field(default=None, repr=False)
    data_dir: Annotated[Path, Path] = Path("var")
    auth: Annotated[str, one_of("none", "jwt")] = "none"
    jwt_jwks_url: Annotated[str | None, identity.jwks_url] = None
    jwt_secret: Annotated[bytes | None, identity.jwt_secret] = field(default=None, repr=False)
    jwt_issuer: Annotated[str, str] = ""
    jwt_audience: Annotated[str, str] = ""
    jwt_user_claim: Annotated[str, identity.user_claim] = "sub"
    jwt_user_namespace: Annotated[UUID | None, identity.namespace] = None
    cors_origins: Annotated[tuple[str, ...], http.origins] = ()
    rate_limit: Annotated[Rate | None, http.rate] = None
    rate_limit_storage_url: Annotated[str | None, http.storage_url] = field(
        default=None, repr=False
    )
    trusted_proxies: Annotated[int, number(0, 100)] = 0
    host: Annotated[str, address_or_name] = "127.0.0.1"
    port: Annotated[int, number(1, 65535)] = 8000
    web_concurrency: Annotated[int | None, number(1, 256)] = None
    max_body_bytes: Annotated[int, number(1024, 2**30)] = 64 * 1024
    database_pool_size: Annotated[int, number(1, 1000)] = 10
    statement_timeout_ms: Annotated[int, number(0, 600_000)] = 10_000
    prepared_statements: Annotated[bool, on_or_off] = True
    request_head_seconds: Annotated[int, number(1, 600)] = 20
    request_body_seconds: Annotated[int, number(1, 600)] = 20
    request_body_bytes_per_second: Annotated[int, number(1, 10**9)] = 1000
    answer_seconds: Annotated[int, number(1, 600)] = 30
    metrics_token: Annotated[str | None, http.metrics_token] = field(default=None, repr=False)
    keepalive_seconds: Annotated[int, number(1, 3600)] = 620
    log_level: Annotated[str, one_of("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")] = "INFO"
    log_format: Annotated[str | None, one_of("json", "text")] = None


def from_environ(environ: Mapping[str, str]) -> Config:
    """Return the settings. An empty variable counts as one that isn't set.

    Raises:
        ConfigError: a value is missing, misspelt or contradicts another; the text names it.
    """
    hints = get_type_hints(Config, include_extras=True)
    texts = {name: text for name in hints if (text := environ.get(name.upper()))}
    _check_together(texts)
    values: dict[str, Any] = {}
    for name, text in texts.items():
        [read] = hints[name].__metadata__
        try:
            values[name] = read(text)
        except ConfigError as error:
            raise ConfigError(f"{name.upper()} {error}") from None
    return Config(**values)


def _check_together(texts: Mapping[str, str]) -> None:
    """Refuse settings that contradict each other, or need others."""
    if "database_url" in texts and "auth" not in texts:
        raise ConfigError(
            "AUTH must be set where DATABASE_URL is: `jwt` to check tokens, or `none` if a gateway "
            "has already checked who is calling."
        )
    if "rate_limit_storage_url" in texts and "rate_limit" not in texts:
        raise ConfigError("RATE_LIMIT_STORAGE_URL is set, but RATE_LIMIT is not: set both.")
    if "trusted_proxies" in texts and "rate_limit" not in texts:
        raise ConfigError("TRUSTED_PROXIES is set, but RATE_LIMIT is not: set both, or neither.")
    if texts.get("auth") != "jwt":
        for name in texts:
            # A setting for tokens suggests that they are checked.
            if name.startswith("jwt_"):
                raise ConfigError(
                    f"{name.upper()} is set, but AUTH is not `jwt`: set that too, or neither."
                )
        return
    if texts.keys() >= {"jwt_jwks_url", "jwt_secret"}:
        raise ConfigError("JWT_JWKS_URL and JWT_SECRET exclude each other: set one of them.")
    if not texts.keys() & {"jwt_jwks_url", "jwt_secret"}:
        raise ConfigError("JWT_JWKS_URL or JWT_SECRET must be set where AUTH is `jwt`.")
    for name in ("jwt_issuer", "jwt_audience"):
        if name not in texts:
            raise ConfigError(f"{name.upper()} must be set where AUTH is `jwt`.")
