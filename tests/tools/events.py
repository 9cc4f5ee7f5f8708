"""Reads streams of events as browsers do (WHATWG HTML, section 9.2.6)."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

STREAM = {"Accept": "text/event-stream"}


@dataclass
class Event:
    """What stands between two empty lines: an event, a comment, or how long to wait."""

    fields: dict[str, str] = field(default_factory=dict)
    comments: int = 0

    @property
    def name(self) -> str | None:
        return self.fields.get("event")

    @property
    def id(self) -> str | None:
        return self.fields.get("id")

    @property
    def data(self) -> Any:
        return json.loads(self.fields["data"])


def lines(parts: Iterable[bytes]) -> Iterator[str]:
    """Yield the lines of what comes in parts, each as soon as it is there."""
    rest = b""
    for part in parts:
        *whole, rest = (rest + part).split(b"\n")
        yield from (line.decode() for line in whole)
    assert rest == b"", "the stream broke off in the middle of a line"


def blocks(parts: Iterable[bytes]) -> Iterator[Event]:
    """Yield all that a stream has, the comments too."""
    block = Event()
    for line in lines(parts):
        if not line:
            yield block
            block = Event()
        elif line.startswith(":"):
            block.comments += 1
        else:
            name, _, value = line.partition(":")
            assert name in {"event", "id", "data", "retry"}
            assert name not in block.fields
            block.fields[name] = value.removeprefix(" ")
    assert block == Event(), "the stream broke off in the middle of an event"


def events(parts: Iterable[bytes]) -> Iterator[Event]:
    """Yield the events of a stream."""
    return (block for block in blocks(parts) if block.name)
