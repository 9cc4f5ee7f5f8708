"""The host, the path and the JSON of a request: refused where two readers could disagree."""

import json
import re
from collections.abc import Iterable
from functools import cache
from typing import Any

import orjson
from flask import Flask, Request, current_app
from werkzeug.exceptions import HTTPException, NotFound, RequestEntityTooLarge
from werkzeug.routing import Map, Rule, UnicodeConverter
from werkzeug.wsgi import get_content_length

from tasks_api.http.problems import Problem
from tasks_api.http.service import UUID_IN_PATH, current_request

# RFC 3986, sections 3.2.2 and 3.2.3.
HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[\w.~!$&'()*+,;=%-]*)(?::[0-9]*)?", re.ASCII)
# At the front of a path; `GET http://host` has none.
ONE_SLASH = re.compile(r"/(?!/)|\Z")
EXAMPLE = "6f1d6a3e-52a4-4a8e-9a57-0d2c8f0b7e11"

MAX_DEPTH = 32
# The largest push, of 100 changes with two whole tasks each, has about 7,400.
MAX_VALUES = 8000
CUT_OFF = "The body is shorter than its Content-Length, or its chunks are malformed."


def init_app(app: Flask) -> None:
    """Refuse requests that name no host, or a path with two meanings."""
    # `//` is another path; a redirect would repeat a host that the client made up.
    app.url_map.merge_slashes = False
    app.extensions["paths_with_any_text"] = cache(lambda: _paths_with_any_text(app.url_map))
    app.before_request(check_target)


def check_target() -> None:
    """Refuse a request whose host or path is malformed, and say what is wrong with its UUIDs.

    Raises:
        Problem: 400.
    """
    req = current_request()
    refuse_ambiguous_target(req)
    if isinstance(req.routing_exception, NotFound):
        explain_malformed_uuid(req)


def refuse_ambiguous_target(req: Request) -> None:
    """Refuse a request that names no host, or a malformed one (RFC 9112, section 3.2).

    There is nothing at a path that doesn't begin with exactly one slash, as werkzeug would read it,
    or that becomes one of ours only by decoding: `%2F` is not `/` (RFC 3986, section 2.2), and what
    guards `/api/` in front of the service may not know that `/%61pi/` is the same. No path of ours
    has anything to encode.

    Raises:
        Problem: 400.
    """
    environ = req.environ
    host = environ.get("HTTP_HOST")
    if host is None and environ["SERVER_PROTOCOL"] == "HTTP/1.0":
        host = ""
    if host is None or not HOST.fullmatch(host):
        raise Problem(400, "The Host header is missing or malformed.")
    path = environ["PATH_INFO"]
    # As the client wrote it, with SCRIPT_NAME at its front; few servers don't say it.
    written = (environ.get("RAW_URI") or environ.get("REQUEST_URI", "")).partition("?")[0]
    decoded = "%" in written and not written.endswith(path)
    if decoded or not ONE_SLASH.match(path):
        # As if no route had matched.
        req.url_rule = req.view_args = None
        req.routing_exception = NotFound()


def explain_malformed_uuid(req: Request) -> None:
    """Replace a 404 by one that names the parameter, where only a malformed UUID is its cause.

    Flask raises it only after all that comes before a request: without a token it stays a 401.
    """
    try:
        _, parameters = current_app.extensions["paths_with_any_text"]().bind("").match(req.path)
    except HTTPException:
        return
    for name, value in parameters.items():
        if not UUID_IN_PATH.fullmatch(value):
            detail = f"`{name}` in the path must be a UUID, such as {EXAMPLE}."
            req.routing_exception = Problem(404, detail)
            return


def _paths_with_any_text(paths: Map) -> Map:
    """Return the paths that have UUIDs in them, with any text in place of these."""
    rules = [Rule(rule.rule) for rule in paths.iter_rules() if "<uuid:" in rule.rule]
    return Map(rules, converters={"uuid": UnicodeConverter}, merge_slashes=False)


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
