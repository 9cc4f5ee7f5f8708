"""Cursors: where a walk along a list has got to, in a string that means nothing to a client."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from itsdangerous import BadData, URLSafeSerializer, base64_encode
from marshmallow import ValidationError, fields
from marshmallow.validate import OneOf

from tasks_api.http.fields import Day, Text, Timestamp
from tasks_api.http.problems import Problem
from tasks_api.tasks.fields import Position
from tasks_api.tasks.folding import FOLDED
from tasks_api.tasks.models import PRIORITIES, TITLE_MAX

# How many bytes of JSON are short: a moment and an id have 68.
SHORT = 100


class Serializer(URLSafeSerializer):
    """A serializer that doesn't try to compress what is short, and would only grow."""

    def dump_payload(self, obj: Any) -> bytes:
        """Return JSON in base64, compressed if it is long."""
        written = orjson.dumps(obj)
        return base64_encode(written) if len(written) <= SHORT else super().dump_payload(obj)


# No secret: the signature keeps out what is mistyped, cut off or meant for another list. A cursor
# can't reach another user's tasks, because every statement names its user; what it holds is
# checked like any other input.
SERIALIZER: Any = Serializer("tasks_api.cursor", serializer=orjson)


class Due(Timestamp):
    """A moment, or a day."""

    def _deserialize(self, value: Any, *_: object, **__: object) -> Any:
        try:
            return super()._deserialize(value)
        except ValidationError:
            return Day().deserialize(value)


# What a cursor may contain for each order: clients can forge it, so it is read like a query.
KEYS: dict[str, fields.Field[Any]] = {
    "created_at": Timestamp(),
    "updated_at": Timestamp(),
    "due_at": Due(allow_none=True),
    "priority": fields.String(validate=OneOf(PRIORITIES)),
    "position": Position(allow_none=True),
    "title": Text(maximum=TITLE_MAX),
    "title_folded": Text(maximum=FOLDED["title_folded"]),
}


@dataclass(frozen=True)
class Place:
    """A place in a list, after one of its tasks."""

    order: str  # The column that the list is sorted by, `-` before it for descending.
    key: Any  # What the task has there.
    task_id: UUID


def write(place: Place) -> str:
    """Return the cursor that leads on from a place, in lists of this order alone."""
    position = [place.key, str(place.task_id)]
    return str(SERIALIZER.dumps(position, salt=place.order), "ascii")


def read(orders: Sequence[str], cursor: str) -> Place:
    """Return the place that a cursor leads on from, in one of some orders.

    Raises:
        Problem: 422, this isn't a cursor for any of these orders, or no task can be there.
    """
    for order in orders:
        with suppress(BadData, TypeError, ValueError, AttributeError, ValidationError):
            # itsdangerous would read padding as well, which it never writes.
            key, task_id = SERIALIZER.loads(cursor.replace("=", " "), salt=order)
            return Place(order, KEYS[order.removeprefix("-")].deserialize(key), UUID(task_id))
    raise bad_parameter("cursor", "Not a cursor of this list.")


# It leads to the beginning of any list that is newest first.
EXAMPLE = write(
    Place("-created_at", "9999-01-01T00:00:00Z", UUID("019bb1a2-7c5e-7d31-9c0a-3f2b8e6d4a10"))
)


def bad_parameter(name: str, detail: str) -> Problem:
    """Return the problem for a parameter of the query."""
    return Problem(422, detail, errors=[{"detail": detail, "parameter": name}])
