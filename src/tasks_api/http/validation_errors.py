"""What marshmallow found wrong in a request, as a problem that names each place."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any
from urllib.parse import quote

from tasks_api.http.problems import Problem

Place = tuple[object, ...]

ERRORS_MAX = 20
NAME_MAX = 100


def unacceptable(location: str, found: Iterable[tuple[Place, str]]) -> Problem:
    """Make a problem of what was found where: in the body (`json`), the query or the headers.

    Only the first errors are listed, and what was found is only asked for these; the last one says
    how many more there are.
    """
    found = iter(found)
    if location == "headers":
        status, detail = 400, "A header is malformed; `errors` says which."
        errors = [{"detail": what, "header": str(place[0])} for place, what in _first(found)]
    elif location == "json":
        status, detail = 422, "The body is not acceptable; `errors` says where."
        errors = [{"detail": what, "pointer": pointer(place)} for place, what in _first(found)]
    else:
        status, detail = 422, "The query is not acceptable; `errors` says where."
        errors = [{"detail": what, "parameter": str(place[0])} for place, what in _first(found)]
    more = sum(1 for _ in found)
    if more:
        errors.append({"detail": f"Errors that are not listed: {more}."})
    return Problem(status, detail, errors=errors)


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
