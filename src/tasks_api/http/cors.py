"""Which other origins' pages may call (CORS), what they may send, and what they get to see."""

import re
from collections.abc import Sequence

from flask import Flask, Response
from flask_cors import CORS

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
REQUEST_HEADERS = [
    "Authorization",
    # Libraries that read streams of events send these two.
    "Cache-Control",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
    "X-Request-Id",
    # W3C Trace Context and Baggage: what the tools that trace a page send along.
    "baggage",
    "traceparent",
    "tracestate",
]
RESPONSE_HEADERS = [
    "ETag",
    "Idempotency-Replayed",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Request-Id",
    "X-Total-Count",
]
# Seconds that a browser may remember a preflight; Chromium remembers none for longer.
MAX_AGE = 7200


def init_app(app: Flask, origins: Sequence[str]) -> None:
    """Let pages of these origins call, and no other's. Tokens travel in a header, so no cookies."""
    if not origins:
        return
    CORS(
        app,
        # Patterns, because Flask-CORS takes [::1] for one and compares the rest without case.
        origins=[re.compile(re.escape(origin) + r"\Z") for origin in origins],
        methods=METHODS,
        allow_headers=REQUEST_HEADERS,
        expose_headers=RESPONSE_HEADERS,
        max_age=MAX_AGE,
        vary_header=False,
        # after_request sees the answers to errors too.
        intercept_exceptions=False,
    )
    app.after_request(_vary_by_origin)


def headers_for(origin: str, origins: Sequence[str]) -> dict[str, str]:
    """Return the headers of an answer that the application doesn't give, to a page of an origin.

    The origin is empty where it is no page.
    """
    headers = {"Vary": "Origin"} if origins else {}
    if origin in origins:
        headers["Access-Control-Allow-Origin"] = origin
        headers["Access-Control-Expose-Headers"] = ", ".join(RESPONSE_HEADERS)
    return headers


def _vary_by_origin(response: Response) -> Response:
    """Tell caches that the answer depends on the origin, also if the origin was refused."""
    response.vary.add("Origin")
    return response
