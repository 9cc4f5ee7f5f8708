"""What marshmallow found wrong in a request, as a problem that names each place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from tasks_api.http.problems import Problem

Place = tuple[object, ...]


def unacceptable(location: str, found: Iterable[tuple[Place, str]]) -> Problem:
    """Make a problem of what was found where: in the body (`json`), the query or the headers."""
    if location == "headers":
        errors = [{"detail": detail, "header": str(place[0])} for place, detail in found]
        return Problem(400, "A header is malformed; `errors` says which.", errors=errors)
    if location == "json":
        errors = [{"detail": detail, "pointer": pointer(place)} for place, detail in found]
        return Problem(422, "The body is not acceptable; `errors` says where.", errors=errors)
    errors = [{"detail": detail, "parameter": str(place[0])} for place, detail in found]
    return Problem(422, "The query is not acceptable; `errors` says where.", errors=errors)


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
