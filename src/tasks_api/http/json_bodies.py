"""JSON: bodies of requests, whole or not at all, and as no two readers disagree on; answers."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import orjson
from flask import Flask, Request, Response, request
from flask.json.provider import JSONProvider
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.routing import MapAdapter

from tasks_api.http.problems import Problem

MAX_DEPTH = 32
# The largest push, of 100 changes with two whole tasks each, has about 7,400.
MAX_VALUES = 8000
CUT_OFF = "The body is shorter than its Content-Length, or its chunks are malformed."


def read(req: Request) -> bytes:
    """Read the whole body, or nothing of it.

    Raises:
        Problem: 400, what came is cut off or wrongly framed.
        RequestEntityTooLarge: over the limit.
    """
    try:
        body = req.get_data()
        # Where no length is declared, werkzeug stops at the limit and takes that for the end.
        at_limit = req.content_length is None and len(body) == req.max_content_length
        if at_limit and req.input_stream.read(1):
            raise RequestEntityTooLarge
    except (ClientDisconnected, OSError):
        raise Problem(400, CUT_OFF) from None
    # Behind a server that ends the stream itself, a body that is cut off just ends early.
    if req.content_length is not None and len(body) < req.content_length:
        raise Problem(400, CUT_OFF)
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


class OrjsonProvider(JSONProvider):
    """JSON by orjson, which writes UUIDs, and datetimes as RFC 3339 in UTC."""

    def dumps(self, obj: Any, *, indent: int | None = None, **_: object) -> str:
        """Write JSON, indented by two spaces if any indent is asked for."""
        indented = orjson.OPT_INDENT_2 if indent else 0
        return orjson.dumps(obj, option=orjson.OPT_UTC_Z | indented).decode()

    def response(self, obj: Any) -> Response:
        """Return an answer with a JSON value."""
        return Response(orjson.dumps(obj, option=orjson.OPT_UTC_Z), mimetype="application/json")

    def loads(self, s: str | bytes, **_: object) -> Any:
        """Read JSON."""
        return orjson.loads(s)


class Service(Flask):
    """Flask without coroutines, with JSON by orjson, quick routing, and a log that names nobody."""

    json_provider_class = OrjsonProvider

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return a view as it is; Flask would inspect each function of a request, each time."""
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Look up a path; Flask would check the host's name too, as `request_target` does later."""
        if request is None:
            return super().create_url_adapter(None)
        environ = request.environ
        return MapAdapter(
            self.url_map,
            # Only redirects name it.
            server_name=environ.get("HTTP_HOST")
            or "{SERVER_NAME}:{SERVER_PORT}".format_map(environ),
            script_name=request.root_path,
            subdomain="",
            url_scheme=request.scheme,
            path_info=environ["PATH_INFO"].encode("latin-1").decode(errors="replace"),
            default_method=request.method,
            query_args=environ.get("QUERY_STRING"),
        )

    def log_exception(self, exc_info: Any) -> None:
        """Log the template of the path; Flask would log the path, which names a user."""
        route = request.url_rule.rule if request.url_rule else "-"
        self.logger.error("Exception on %s [%s]", route, request.method, exc_info=exc_info)
