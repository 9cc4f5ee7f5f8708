"""Streams of events, as browsers read them (WHATWG HTML, section 9.2, server-sent events)."""

from collections.abc import Iterator
from random import randint
from typing import Any

import orjson
from flask import Request, Response

MEDIA_TYPE = "text/event-stream"
# After how many milliseconds a client connects again. Those whose streams end at the same moment,
# when a release is deployed, don't all come back at the same moment.
RETRY_MIN, RETRY_MAX = 1000, 10_000
HEADERS = {
    "Vary": "Accept",
    "Cache-Control": "no-store",
    # Caddy would keep them until it has enough to compress. No proxy encodes what says that it is.
    "Content-Encoding": "identity",
    # nginx would keep the events until it has a buffer full of them.
    "X-Accel-Buffering": "no",
}
# It tells the client nothing, and us whether there is still one.
COMMENT = b":\n\n"


def is_wanted(req: Request) -> bool:
    """Return whether a client asks for a stream by its name, and prefers it to JSON."""
    accepted = req.accept_mimetypes
    preferred = accepted.best_match(["application/json", MEDIA_TYPE])
    return preferred == MEDIA_TYPE and MEDIA_TYPE in map(str.lower, accepted.values())


def event(name: str, data: Any, id: object = None) -> bytes:  # noqa: A002
    """Write an event with JSON; a client that connects again sends its id as `Last-Event-ID`."""
    place = "" if id is None else f"id: {id}\n"
    return f"event: {name}\n{place}data: ".encode() + orjson.dumps(data) + b"\n\n"


def response(events: Iterator[bytes]) -> Response:
    """Return the answer that sends these as they come."""
    return Response(_with_retry(events), headers=HEADERS, content_type=MEDIA_TYPE)


def _with_retry(events: Iterator[bytes]) -> Iterator[bytes]:
    yield f"retry: {randint(RETRY_MIN, RETRY_MAX)}\n\n".encode()  # noqa: S311
    yield from events
