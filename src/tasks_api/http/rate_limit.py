"""A limit on the requests of each user in a window of time, if RATE_LIMIT is set.

The fields are those of draft-ietf-httpapi-ratelimit-headers-11. Windows are fixed, so that the
fields say all there is to know: after `t` seconds the whole allowance is back. The price is that
around the end of a window twice as many requests may pass in a short time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from math import ceil
from typing import Any

from apispec import BasePlugin
from flask import Flask, Response, g, request
from prometheus_client import Counter

from tasks_api.http.problems import RETRY_AFTER, Problem, document_response, render, responses
from tasks_api.http.rate_counters import MemoryCounters, Window
from tasks_api.http.settings import Rate
from tasks_api.http.smorest import Api

# For platforms, which ask often and from one address. OPTIONS is free, too: browsers send it by
# themselves, and don't let a page see why it was refused.
FREE = frozenset({"/health", "/ready", "/metrics"})

UNCOUNTED = Counter(
    "tasks_api_rate_limit_uncounted",
    "Requests that passed without being counted, because the storage of RATE_LIMIT was away.",
)

TOO_MANY = "The user, or the address of somebody unknown, has sent too many requests."
HEADERS = {
    **RETRY_AFTER,
    "RateLimit-Policy": {
        "description": "The limit: `q` requests in `w` seconds, for a `user` or an `address`.",
        "schema": {"type": "string", "example": '"user";q=600;w=60'},
    },
    "RateLimit": {
        "description": "What is left of it: `r` requests, until all are there again in `t` "
        "seconds. Where the service has a limit, all answers have these two.",
        "schema": {"type": "string", "example": '"user";r=599;t=60'},
    },
}


@dataclass(frozen=True)
class RateLimit:
    """Counts each request once, and refuses those that are too many."""

    rate: Rate
    count_one: Callable[[str], Window | None]  # Counts one more request of a client.
    caller: Callable[[], object]  # Returns the user of the request's token, or None.
    trusted_proxies: int  # How many proxies in front append to `X-Forwarded-For`.

    def check(self) -> None:
        """Count a request that the guard has let through, for the user in its path.

        Raises:
            Problem: 429.
        """
        self._count((request.view_args or {}).get("user_id") or self.caller())

    def finish(self, response: Response) -> Response:
        """Say in the answer what is left. What was refused before `check` is counted here."""
        if "rate_limit" not in g:
            try:
                self._count(self.caller())
            except Problem as refusal:
                response = render(refusal)
        response.headers.update(g.rate_limit)
        return response

    def _count(self, user: object) -> None:
        g.rate_limit = {}
        if request.path in FREE or request.method == "OPTIONS":
            return
        policy, client = (
            ("user", user) if user else ("address", client_address(self.trusted_proxies))
        )
        window = self.count_one(f"{policy}:{client}")
        if window is None:
            UNCOUNTED.inc()
            return
        limit, seconds = self.rate.requests, ceil(window.seconds_left)
        g.rate_limit = {
            "RateLimit-Policy": f'"{policy}";q={limit};w={self.rate.seconds}',
            "RateLimit": f'"{policy}";r={max(0, limit - window.requests)};t={seconds}',
        }
        if window.requests > limit:
            raise Problem(
                429,
                f"This {policy} may send at most {limit} requests in {self.rate.seconds} seconds; "
                f"try again in {seconds}.",
                headers={"Retry-After": str(seconds)},
            )


def init_app(
    app: Flask,
    rate: Rate,
    storage_url: str | None,
    *,
    trusted_proxies: int,
    caller: Callable[[], object],
) -> None:
    """Limit the requests of the app. Hooks that are registered before this see all refusals.

    Without the URL of a Redis that counts, each process counts by itself. The others are those of
    `RateLimit`.
    """
    count: Callable[[str], Window | None] = MemoryCounters(rate.seconds).count
    if storage_url:
        # The package redis is an extra.
        from tasks_api.http.redis_counters import RedisCounters  # noqa: PLC0415

        count = RedisCounters(storage_url, rate.seconds).count
    limit = RateLimit(rate, count, caller, trusted_proxies)
    app.before_request(limit.check)
    app.after_request(limit.finish)


def client_address(trusted_proxies: int) -> str:
    """Return the address that sent the request: the one that the first trusted proxy has appended.

    Commas alone are read: a client could open a quote in its own part, for all that follows.
    """
    parts = request.headers.get("X-Forwarded-For", "").split(",")
    if trusted_proxies and len(parts) >= trusted_proxies and any(parts):
        return _network(parts[-trusted_proxies])
    return _network(request.remote_addr)


def _network(address: str | None) -> str:
    """Return what counts as one client: an IPv4 address, or the /64 of an IPv6 address.

    A device chooses the lower 64 bits by itself, and new ones as often as it likes (RFC 8981).
    """
    try:
        parsed = ip_address((address or "").strip(" \t"))
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        # A server that listens on `::` sees IPv4 addresses like this.
        parsed = parsed.ipv4_mapped or IPv6Address(int(parsed) >> 64 << 64)
    return str(parsed)


class _Documentation(BasePlugin):
    """Documents the 429 of each operation that is counted."""

    def operation_helper(
        self, path: str | None = None, operations: dict[str, Any] | None = None, **_: object
    ) -> None:
        for operation in (operations or {}).values():
            if path not in FREE:
                operation["responses"] |= responses(429)


def document(api: Api) -> None:
    """Put the 429 into the OpenAPI document, for the operations that are registered after this."""
    api.spec.plugins.append(_Documentation())
    document_response(api.spec, 429, TOO_MANY, HEADERS)
