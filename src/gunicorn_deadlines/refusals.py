"""The answer to a request that is refused before the application sees it."""

import logging
import re
from collections.abc import Callable
from http import HTTPStatus
from uuid import uuid4

from gunicorn.http import errors
from gunicorn.util import http_date
from werkzeug.exceptions import RequestTimeout

from gunicorn_deadlines.client import Client
from gunicorn_deadlines.metrics import Metrics

# Writes a refusal: its status, a sentence, the request's id and the origin of the page that sent it
# (or nothing) in; headers and body out.
Refusal = Callable[[int, str, str, str], tuple[dict[str, str], bytes]]
ORIGIN = re.compile(rb"\r\nOrigin:([^\r\n]*)\r\n", re.IGNORECASE)

logger = logging.getLogger(__name__)

MALFORMED = (400, "The request is malformed.")
# What gunicorn says of it would repeat what the client has sent, also in the log.
REFUSALS: dict[type[Exception], tuple[int, str]] = {
    errors.InvalidRequestLine: (400, "The request line is malformed."),
    errors.InvalidRequestMethod: (400, "The method must be 3 to 20 capital letters."),
    errors.InvalidHTTPVersion: (400, "The version must be HTTP/1.0 or HTTP/1.1."),
    errors.InvalidHeader: (
        400,
        "A header field is malformed, there twice, or at odds with another.",
    ),
    errors.InvalidHeaderName: (400, "The name of a header field is malformed."),
    errors.ObsoleteFolding: (400, "A header field must not go over more than one line."),
    errors.InvalidSchemeHeaders: (400, "The headers contradict each other on the scheme."),
    RequestTimeout: (408, "The request did not arrive in time."),
    errors.LimitRequestLine: (414, "The request line is longer than the service accepts."),
    errors.ExpectationFailed: (417, "Only the expectation `100-continue` is understood."),
    errors.LimitRequestHeaders: (431, "The header fields are longer, or more, than is accepted."),
    errors.UnsupportedTransferCoding: (501, "Only the transfer coding `chunked` is understood."),
}


def refuse(client: Client, error: Exception, write: Refusal, metrics: Metrics) -> None:
    """Answer as the application would; it is the last answer on this connection."""
    status, detail = REFUSALS.get(type(error), MALFORMED)
    metrics.refused.labels(status).inc()
    request_id = uuid4().hex
    if isinstance(error, errors.LimitRequestLine):
        # gunicorn stops reading before the headers come, among which is the origin.
        client.finish_head()
    field = ORIGIN.search(client.head)
    origin = field[1].decode("latin-1").strip(" \t") if field else ""
    headers, body = write(status, detail, request_id, origin)
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        # RFC 9110, section 6.6.1.
        f"Date: {http_date()}",
        "Connection: close",
        *(f"{name}: {value}" for name, value in headers.items()),
        f"Content-Length: {len(body)}",
        f"X-Request-Id: {request_id}",
    ]
    logger.warning("refused", extra={"status": status, "request_id": request_id})
    # RFC 9110, section 9.3.2.
    body = b"" if client.head.startswith(b"HEAD ") else body
    client.sendall("\r\n".join([*lines, "\r\n"]).encode() + body)
    client.flush()
