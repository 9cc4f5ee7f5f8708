"""What a request brings, read strictly: where webargs' parser would guess, this one refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, NoReturn
from urllib.parse import unquote_to_bytes

import flask_smorest
import orjson
from flask import Flask, Request, current_app, request
from gunicorn.http.errors import ParseException
from marshmallow import RAISE, Schema, ValidationError
from webargs import missing
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import ClientDisconnected, NotFound, RequestEntityTooLarge

from tasks_api.http.fields import UNKNOWN
from tasks_api.http.problems import REQUEST_ID_REF, Problem, flatten, pointer

# RFC 3986, sections 3.2.2 and 3.2.3.
HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[\w.~!$&'()*+,;=%-]*)(?::[0-9]*)?", re.ASCII)
MAX_DEPTH = 32
BROKEN_OFF = "The body ends before its end, or its chunks are malformed."
JSON_ONLY = ("application/json",)
MEDIA_TYPES = {"PATCH": ("application/json", "application/merge-patch+json")}


class Parser(FlaskParser):
    """Reads bodies and queries for `Blueprint.arguments`."""

    DEFAULT_UNKNOWN_BY_LOCATION = {"json": None, "query": RAISE, "headers": RAISE}  # noqa: RUF012

    def load_json(self, req: Request, schema: Schema) -> Any:
        """Read the body.

        Where it is absent, a schema with `optional_body` sees `{}`; any other refuses it, because a
        change that was lost on the way must not pass for a change of nothing.

        Raises:
            Problem: 400 (not JSON) or 415 (not declared to be).
            RequestEntityTooLarge: over the limit, also where the length isn't declared.
        """
        body = _read(req)
        if not body and getattr(schema, "optional_body", False):
            return missing
        if body and req.headers.get("Content-Encoding", "identity").lower() != "identity":
            # RFC 9110, sections 12.5.3 and 15.5.16.
            headers = {"Accept-Encoding": "identity"}
            raise Problem(415, "The body must not have a Content-Encoding.", headers=headers)
        accepted = MEDIA_TYPES.get(req.method, JSON_ONLY)
        if body and req.mimetype not in accepted:
            # RFC 9110, section 15.5.16, and RFC 5789, section 2.2.
            header = "Accept-Patch" if req.method == "PATCH" else "Accept"
            types = ", ".join(accepted)
            raise Problem(415, f"The body must be declared as {types}.", headers={header: types})
        return loads(body)

    def load_headers(self, req: Request, schema: Schema) -> dict[str, str]:
        """Read the headers that the schema has fields for."""
        names = (field.data_key or name for name, field in schema.fields.items())
        return {name: req.headers[name] for name in names if name in req.headers}

    def load_querystring(self, req: Request, schema: Schema) -> dict[str, str]:
        """Read the query: UTF-8, each parameter once.

        Raises:
            Problem: 400 or 422.
        """
        try:
            unquote_to_bytes(req.query_string).decode()
        except UnicodeDecodeError:
            raise Problem(400, "The query is not UTF-8.") from None
        repeated = [name for name, values in req.args.lists() if len(values) > 1]
        if repeated:
            raise unacceptable("query", [((name,), "Given more than once.") for name in repeated])
        return req.args.to_dict()

    def handle_error(self, error: ValidationError, *_: object, **__: object) -> NoReturn:
        """Turn marshmallow's messages, keyed by location, into a problem that names the places."""
        ((location, messages),) = dict(error.messages).items()  # type: ignore[arg-type]
        raise unacceptable(location, flatten(messages)) from error


class Blueprint(flask_smorest.Blueprint):
    """flask-smorest's blueprint with the strict parser."""

    ARGUMENTS_PARSER = Parser()

    def arguments(self, schema: Schema, *, location: str = "json", **kwargs: Any) -> Any:
        """Declare a body, or the query (`location="query"`)."""
        decorate = super().arguments(schema, location=location, **kwargs)

        def mark(view: Any) -> Any:
            decorated = decorate(view)
            if location == "query":
                decorated.takes_query = True
            return decorated

        return mark

    def response(self, status_code: int, schema: Any = None, **kwargs: Any) -> Any:
        """Declare an answer, with the header that every answer has."""
        kwargs["headers"] = {"X-Request-Id": REQUEST_ID_REF, **kwargs.get("headers", {})}
        return super().response(status_code, schema, **kwargs)


def init_app(app: Flask) -> None:
    """Have requests refused that are for nobody, or for a path that could be two."""
    # `//` is another path; a redirect would repeat whatever Host the client has made up.
    app.url_map.merge_slashes = False
    app.before_request(refuse_bad_host)


def refuse_bad_host() -> None:
    """Refuse a request that doesn't say whom it is for (RFC 9112, section 3.2).

    Raises:
        Problem: 400.
        NotFound: the path begins with two slashes, which werkzeug would take for one.
    """
    if request.environ["PATH_INFO"].startswith("//"):
        raise NotFound
    host = request.environ.get("HTTP_HOST")
    if host is None and request.environ["SERVER_PROTOCOL"] == "HTTP/1.0":
        return
    if host is None or not HOST.fullmatch(host):
        raise Problem(400, "The Host header is missing or malformed.")


def refuse_undeclared_query() -> None:
    """Refuse every parameter where the view declares none; for `Blueprint.before_request`.

    Raises:
        Problem: 422, naming them.
    """
    view = current_app.view_functions[str(request.endpoint)]
    if request.args and not getattr(view, "takes_query", False):
        raise unacceptable("query", [((name,), UNKNOWN) for name in request.args])


def unacceptable(location: str, found: Iterable[tuple[tuple[object, ...], str]]) -> Problem:
    """Make a problem of what was found where: in the body (`json`), the query or the headers."""
    if location == "headers":
        errors = [{"detail": detail, "header": str(path[0])} for path, detail in found]
        return Problem(400, "A header is malformed; `errors` says which.", errors=errors)
    if location == "json":
        errors = [{"detail": detail, "pointer": pointer(path)} for path, detail in found]
        return Problem(422, "The body is not acceptable; `errors` says where.", errors=errors)
    errors = [{"detail": detail, "parameter": str(path[0])} for path, detail in found]
    return Problem(422, "The query is not acceptable; `errors` says where.", errors=errors)


def _read(req: Request) -> bytes:
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
    except (ClientDisconnected, ParseException, OSError):
        raise Problem(400, BROKEN_OFF) from None
    # Behind a server that ends the stream itself, a body that is cut off just ends early.
    if req.content_length is not None and len(body) < req.content_length:
        raise Problem(400, BROKEN_OFF)
    return body


def loads(body: bytes) -> Any:
    """Read JSON as RFC 8259 has it, and refuse what readers would disagree on.

    orjson refuses bad UTF-8, a byte order mark, NaN, Infinity and lone surrogates, and survives any
    depth; the standard library then sees the names that are given twice.

    Raises:
        Problem: 400, with the place of the error as a reader would count it.
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Problem(400, f"The body is not JSON: {error}.") from None
    level = [document]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _containers_in(outer)]
        if not level:
            break
    else:
        raise Problem(400, f"The body is nested deeper than {MAX_DEPTH} levels.")
    json.loads(body, object_pairs_hook=_refuse_duplicates)
    return document


def _containers_in(value: Any) -> Iterable[Any]:
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return (inner for inner in values if isinstance(inner, (dict, list)))


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> None:
    seen = set()
    for name, _ in pairs:
        if name in seen:
            raise Problem(400, f"The body gives the member {name[:50]!r} more than once.")
        seen.add(name)
