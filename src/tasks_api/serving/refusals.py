"""The answer to a request that gunicorn refuses before the application sees it."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import orjson
from gunicorn import util

from tasks_api.http.problems import DEFECT, describe

logger = logging.getLogger(__name__)


def write_problem(client: Any, status: int, _reason: str, message: str) -> None:
    """Answer with a problem, as the application would (RFC 9457).

    It stands in for `gunicorn.util.write_error`, the one place where gunicorn writes its errors,
    and relies on that being looked up in the module at each call.
    """
    request_id = uuid4().hex
    body = orjson.dumps(describe(status, message[:200] or DEFECT, request_id))
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nConnection: close\r\n"
        f"Content-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n"
        f"X-Request-Id: {request_id}\r\n\r\n"
    )
    logger.warning("refused by gunicorn", extra={"status": status, "request_id": request_id})
    util.write_nonblock(client, head.encode() + body)
