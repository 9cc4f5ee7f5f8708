"""JSON in bodies of requests: whole or not at all, and as no two readers disagree on."""

import json
from collections.abc import Iterable
from typing import Any

import orjson
from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wsgi import get_content_length

from tasks_api.http.problems import Problem

MAX_DEPTH = 32
# The largest push, of 100 changes with two whole tasks each, has about 7,400.
MAX_VALUES = 8000
CUT_OFF = "The body is shorter than its Content-Length, or its chunks are malformed."


def read(req: Request, limit: int) -> bytes:
    """Read the whole body, or nothing of it.

    Args:
        limit: how many bytes it may have.

    Raises:
        Problem: 400, what came is cut off or wrongly framed.
        RequestEntityTooLarge: over the limit.
    """
    length = get_content_length(req.environ)
    if length is None and "wsgi.input_terminated" not in req.environ:
        # Nobody would know where it ends, so there is none.
        return b""
    if (length or 0) > limit:
        raise RequestEntityTooLarge
    wanted = limit + 1 if length is None else length
    body = b""
    try:
        while len(body) < wanted and (part := req.environ["wsgi.input"].read(wanted - len(body))):
            body += part
    except (OSError, ValueError):
        raise Problem(400, CUT_OFF) from None
    if length is not None and len(body) < length:
        raise Problem(400, CUT_OFF)
    if len(body) > limit:
        raise RequestEntityTooLarge
    return body


def loads(body: bytes) -> Any:
    """Read JSON as RFC 8259 has it, and refuse what readers would disagree on.

    orjson refuses bad UTF-8, a byte order mark, NaN, Infinity and lone surrogates, and survives any
    depth.

    Raises:
        Problem: 400, with the place of the error as a reader would count it.
    """
    # JSON without its strings: what is left has one colon for each member, and a comma or an
    # opening bracket for each value. So the work is bounded before any of it is done.
    structure = b"".join(body.replace(rb"\\", b"").replace(rb"\"", b"").split(b'"')[::2])
    if sum(map(structure.count, (b",", b"[", b"{"))) > MAX_VALUES:
        raise Problem(400, f"The body must have at most {MAX_VALUES} members and elements.")
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Problem(400, _not_utf_8(body) or f"The body is not JSON: {error}.") from None
    if _count_members([document]) != structure.count(b":"):
        # orjson keeps the last of those with one name; the standard library shows them all.
        json.loads(body, object_pairs_hook=_refuse_duplicates)
    return document


def _not_utf_8(body: bytes) -> str:
    """Say where a body is not UTF-8, of which orjson names the first character; empty if it is."""
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return f"The body is not UTF-8: byte {error.start}, counted from 0, can't be decoded."
    return ""


def _count_members(values: Iterable[Any], depth: int = 0) -> int:
    """Return how many members the objects among some values have, and those inside of them.

    Raises:
        Problem: 400, they are nested too deep.
    """
    if depth > MAX_DEPTH:
        raise Problem(400, f"The body must be nested at most {MAX_DEPTH} levels deep.")
    members = 0
    for value in values:
        if isinstance(value, dict):
            members += len(value) + _count_members(value.values(), depth + 1)
        elif isinstance(value, list):
            members += _count_members(value, depth + 1)
    return members


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> None:
    seen = set()
    for name, _ in pairs:
        if name in seen:
            raise Problem(400, f"The body has the member {name[:50]!r} more than once.")
        seen.add(name)
