"""What is measured of requests: how many there were, and how long each kind took."""

from __future__ import annotations

from functools import cache

from flask import Request
from prometheus_client import Counter, Histogram

REQUESTS = Histogram(
    "tasks_api_request_duration_seconds",
    "How long the application took to answer.",
    ["method", "route", "status"],
    buckets=(0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5),
)
UNCOUNTED = Counter(
    "tasks_api_rate_limit_uncounted",
    "Requests that passed without being counted, because the storage of RATE_LIMIT was away.",
)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

# Looking the labels up in the histogram takes as long as counting.
_labelled = cache(REQUESTS.labels)


def measure(request: Request, status: int, seconds: float) -> None:
    """Count a request. Nothing that a client can choose freely becomes a label."""
    method = request.method if request.method in METHODS else "other"
    rule = request.url_rule
    _labelled(method, rule.rule if rule else "none", status).observe(seconds)
