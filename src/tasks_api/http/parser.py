"""The arguments of a view: what it declares of body, query and headers, and nothing else."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from itertools import islice
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from flask import Request, current_app
from marshmallow import ValidationError

from tasks_api.http.fields import UNKNOWN, Strict
from tasks_api.http.problems import Problem
from tasks_api.http.service import current_request
from tasks_api.http.strict_input import loads, read

View = Callable[..., Any]
# Where in a request something is wrong.
Place = tuple[object, ...]

ERRORS_MAX = 20
NAME_MAX = 100

# An array of objects may be as large as this many single objects.
ARRAY_FACTOR = 16
JSON_ONLY = ("application/json",)
MEDIA_TYPES = {"PATCH": ("application/json", "application/merge-patch+json")}


def with_argument(view: View, schema: Strict, location: str) -> View:
    """Return a view that is passed the body (`json`), the query or headers, as a schema reads them.

    Its other arguments come before and after.
    """
    load = LOADERS[location](schema)

    @wraps(view)
    def read(*arguments: Any, **path: Any) -> Any:
        try:
            argument = load(current_request())
        except ValidationError as error:
            raise unacceptable(location, flatten(error.messages)) from error
        return view(*arguments, argument, **path)

    return read


def without_query(view: View) -> View:
    """Decorate a view that declares no query: it refuses every parameter."""

    @wraps(view)
    def with_no_query(*arguments: Any, **path: Any) -> Any:
        req = current_request()
        if req.query_string and req.args:
            raise unacceptable("query", [((name,), UNKNOWN) for name in req.args])
        return view(*arguments, **path)

    return with_no_query


def _body(schema: Strict) -> Callable[[Request], Any]:
    """Return what reads the body, and refuses what is no JSON (400), not declared to be (415), or
    over the limit (413), also where its length isn't declared.

    Where it is absent, a schema with `optional_body` sees `{}`; any other refuses it, because a
    change that was lost on the way must not pass for a change of nothing.
    """

    factor = ARRAY_FACTOR if schema.many or schema.large_body else 1

    def load(req: Request) -> Any:
        body = read(req, factor * current_app.config["MAX_CONTENT_LENGTH"])
        if not body and schema.optional_body:
            return schema.load({})
        accepted, environ = MEDIA_TYPES.get(req.method, JSON_ONLY), req.environ
        # Most declare exactly that.
        if body and environ.get("CONTENT_TYPE") not in accepted and req.mimetype not in accepted:
            # RFC 9110, section 15.5.16, and RFC 5789, section 2.2.
            header = "Accept-Patch" if req.method == "PATCH" else "Accept"
            detail = f"The Content-Type of the body must be {' or '.join(accepted)}."
            raise Problem(415, detail, headers={header: ", ".join(accepted)})
        if body and environ.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
            # RFC 9110, sections 12.5.3 and 15.5.16.
            headers = {"Accept-Encoding": "identity"}
            raise Problem(415, "The body must not have a Content-Encoding.", headers=headers)
        return schema.load(loads(body))

    return load


def _headers(schema: Strict) -> Callable[[Request], Any]:
    """Return what reads the headers that the schema has fields for; most requests have none."""
    names = [field.data_key or name for name, field in schema.fields.items()]
    keys = {f"HTTP_{name.upper().replace('-', '_')}": name for name in names}
    absent = schema.load({})

    def load(req: Request) -> Any:
        environ = req.environ
        given = {name: environ[key] for key, name in keys.items() if key in environ}
        return schema.load(given) if given else absent

    return load


def _query(schema: Strict) -> Callable[[Request], Any]:
    """Return what reads the query: UTF-8 (or a 400), each parameter once (or a 422)."""
    required = any(field.required for field in schema.fields.values())
    absent = {} if required else schema.load({})

    def load(req: Request) -> Any:
        if not req.query_string and not required:
            return dict(absent)
        try:
            unquote_to_bytes(req.query_string).decode()
        except UnicodeDecodeError:
            raise Problem(400, "The query must be percent-encoded UTF-8.") from None
        repeated = [name for name, values in req.args.lists() if len(values) > 1]
        if repeated:
            raise unacceptable(
                "query", [((name,), "Must be given only once.") for name in repeated]
            )
        return schema.load(req.args.to_dict())

    return load


LOADERS = {"json": _body, "headers": _headers, "query": _query}
# The status, what it says, and the member of each error that has the place.
FOUND_IN = {
    "json": (422, "The body is not acceptable; `errors` says where.", "pointer"),
    "headers": (400, "A header is malformed; `errors` says which.", "header"),
    "query": (422, "The query is not acceptable; `errors` says where.", "parameter"),
}


def unacceptable(location: str, found: Iterable[tuple[Place, str]]) -> Problem:
    """Make a problem of what was found where: in the body (`json`), the query or the headers."""
    status, detail, member = FOUND_IN[location]
    return Problem(status, detail, errors=list_errors(member, found))


def list_errors(member: str, found: Iterable[tuple[Place, str]]) -> list[dict[str, str]]:
    """Write the `errors` of a problem, whose `member` says where: `pointer`, `parameter`, `header`.

    Only the first errors are listed, and what was found is only asked for these; the last one says
    how many more there are.
    """
    found = iter(found)
    errors = [
        {"detail": what, member: pointer(place) if member == "pointer" else str(place[0])}
        for place, what in _first(found)
    ]
    more = sum(1 for _ in found)
    if more:
        errors.append({"detail": f"Errors that are not listed: {more}."})
    return errors


def _first(found: Iterator[tuple[Place, str]]) -> Iterator[tuple[Place, str]]:
    """Yield the errors that are listed; names that a client made up are cut to a length."""
    for place, what in islice(found, ERRORS_MAX):
        yield tuple(_cut(str(step)) for step in place), what


def _cut(name: str) -> str:
    return name if len(name) <= NAME_MAX else name[:NAME_MAX] + "…"


def pointer(place: Iterable[object]) -> str:
    """Write a JSON Pointer as a URI fragment (RFC 6901, section 6): `#/3/title`."""
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in place)
    return "#" + "".join("/" + quote(step) for step in steps)


def flatten(messages: Any, place: Place = ()) -> Iterable[tuple[Place, str]]:
    """Walk marshmallow's nested messages; yield each place and what is wrong there."""
    if isinstance(messages, Mapping):
        for step, inner in messages.items():
            yield from flatten(inner, place if step == "_schema" else (*place, step))
    elif isinstance(messages, list):
        for inner in messages:
            yield from flatten(inner, place)
    else:
        yield place, messages
