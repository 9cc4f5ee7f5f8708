"""Reads the settings of HTTP: who may call from other origins, see the metrics, and how often."""

import re
from typing import NamedTuple

from tasks_api.settings import ConfigError

# RFC 6750, section 2.1.
BEARER_TOKEN = re.compile("[A-Za-z0-9._~+/-]+=*")
METRICS_TOKEN_MIN = 16
# As a browser writes the Origin header (RFC 6454, section 6.2), in lower case.
ORIGIN = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?P<port>:[0-9]{1,5})?"
)
DEFAULT_PORTS = {"http": ":80", "https": ":443"}
RATE = re.compile("([1-9][0-9]{0,8})/(second|minute|hour|day)")
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}


class Rate(NamedTuple):
    """A number of requests in a number of seconds."""

    requests: int
    seconds: int


def rate(text: str) -> Rate:
    """Return how many requests are allowed."""
    match = RATE.fullmatch(text)
    if not match:
        raise ConfigError(
            "must be a number of requests in a second, minute, hour or day, such as 600/minute, "
            f"not {text!r}."
        )
    return Rate(int(match[1]), SECONDS[match[2]])


def storage_url(text: str) -> str:
    """Return the address of a Redis or Valkey server."""
    try:
        # An extra, which is needed only with this setting.
        from redis import BlockingConnectionPool, RedisError  # noqa: PLC0415
    except ImportError:
        raise ConfigError("needs a package that isn't installed: `pip install redis`.") from None
    try:
        # This connects to nothing.
        BlockingConnectionPool.from_url(text).make_connection()  # type: ignore[no-untyped-call]
    except (ValueError, TypeError, RedisError):
        text = ""
    if not text.startswith(("redis://", "rediss://")):
        raise ConfigError(
            "is not a URL that redis-py can use (redis://user:pass@host:6379, with TLS rediss://)."
        )
    return text


def metrics_token(text: str) -> str:
    """Return the token; refuse one that is short, or that no header can carry."""
    if len(text) < METRICS_TOKEN_MIN or not BEARER_TOKEN.fullmatch(text):
        raise ConfigError(
            f"must have at least {METRICS_TOKEN_MIN} characters, of A-Z a-z 0-9 . _ ~ + / - only: "
            "`openssl rand -hex 16`."
        )
    return text


def origins(text: str) -> tuple[str, ...]:
    """Return the origins, as browsers write them."""
    found = []
    for place, given in enumerate(filter(None, map(str.strip, text.split(","))), 1):
        origin = ORIGIN.fullmatch(given.lower())
        if not origin or int((origin["port"] or ":0")[1:]) > 65535:  # noqa: PLR2004
            raise ConfigError(
                "must be origins with commas between them, such as "
                f"https://app.example,http://localhost:3000, without paths or *; number {place} "
                "is not an origin."
            )
        # Browsers leave out the default port of http and https.
        found.append(origin[0].removesuffix(DEFAULT_PORTS.get(origin["scheme"]) or "/"))
    return tuple(found)
