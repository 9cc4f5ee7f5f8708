"""The answer to a request that is refused before the application sees it."""

from __future__ import annotations

import logging
from http import HTTPStatus
from uuid import uuid4

import orjson
from gunicorn.http import errors
from prometheus_client import Counter
from werkzeug.exceptions import RequestTimeout

from tasks_api.http.problems import describe
from tasks_api.serving.client import Client

REFUSED = Counter(
    "tasks_api_requests_refused",
    "Requests that were refused before the application saw them.",
    ["status"],
)

logger = logging.getLogger(__name__)

MALFORMED = (400, "The request is malformed.")
# What gunicorn says of it would repeat what the client has sent, also in the log.
REFUSALS: dict[type[Exception], tuple[int, str]] = {
    errors.InvalidRequestLine: (400, "The request line is malformed."),
    errors.InvalidRequestMethod: (400, "The method must be 3 to 20 capital letters."),
    errors.InvalidHTTPVersion: (400, "The version must be HTTP/1.0 or HTTP/1.1."),
    errors.InvalidHeader: (400, "A header field is malformed, or is there twice."),
    errors.InvalidHeaderName: (400, "The name of a header field is malformed."),
    errors.ObsoleteFolding: (400, "A header field must not go over more than one line."),
    errors.InvalidSchemeHeaders: (400, "The headers contradict each other on the scheme."),
    RequestTimeout: (408, "The request did not arrive in time."),
    errors.LimitRequestLine: (414, "The request line is longer than the service accepts."),
    errors.ExpectationFailed: (417, "Only the expectation `100-continue` is understood."),
    errors.LimitRequestHeaders: (431, "The header fields are longer, or more, than is accepted."),
    errors.UnsupportedTransferCoding: (501, "Only the transfer coding `chunked` is understood."),
}


def refuse(client: Client, error: Exception) -> None:
    """Answer with a problem, as the application would (RFC 9457); it is the last answer."""
    status, detail = REFUSALS.get(type(error), MALFORMED)
    REFUSED.labels(status).inc()
    request_id = uuid4().hex
    body = orjson.dumps(describe(status, detail, request_id))
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nConnection: close\r\n"
        f"Content-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n"
        f"X-Request-Id: {request_id}\r\n\r\n"
    )
    logger.warning("refused", extra={"status": status, "request_id": request_id})
    client.sendall(head.encode() + body)
    client.flush()
