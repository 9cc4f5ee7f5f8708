"""Readers of the settings of the rate limit, as those in `setting_checks`."""

from __future__ import annotations

import re
from typing import NamedTuple

from tasks_api.setting_checks import ConfigError

RATE = re.compile("([1-9][0-9]{0,8})/(second|minute|hour|day)")
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}


class Rate(NamedTuple):
    """So many requests in so many seconds."""

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
