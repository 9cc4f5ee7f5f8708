"""Shapes of the feed of changes."""

from typing import Any

from marshmallow import ValidationError, fields
from marshmallow.validate import Range

from tasks_api.http import event_streams
from tasks_api.http.fields import AsItIs, Either, QueryInteger, Strict
from tasks_api.tasks.changes.feed import POSITION, Position
from tasks_api.tasks.schemas import (
    TASK_EXAMPLE,
    TOMBSTONE_EXAMPLE,
    TaskSchema,
    TombstoneSchema,
    says,
)

CHANGES_MAX = 500
WAIT_MAX = 25

CHANGES_EXAMPLE = {
    "revision": 58,
    "next": "58",
    "has_more": False,
    "changes": [TASK_EXAMPLE, TOMBSTONE_EXAMPLE],
}

STREAM = {
    event_streams.MEDIA_TYPE: {
        "schema": {"type": "string"},
        "example": (
            b"retry: 2718\n\n"
            + event_streams.event("changes", CHANGES_EXAMPLE, CHANGES_EXAMPLE["next"])
            + event_streams.COMMENT
        ).decode(),
    }
}


class PositionField(fields.String):
    """A position in the feed."""

    def _deserialize(self, value: Any, *_: object, **__: object) -> Position:  # type: ignore[override]
        try:
            return Position.parse(value)
        except ValueError:
            raise ValidationError("Must be `next` of an earlier answer, or 0.") from None


class ChangesQuerySchema(Strict):
    """From where to read the feed."""

    since = PositionField(
        load_default=lambda: Position(0),
        metadata=says(
            "`next` of your last answer, as it is; 0, or nothing, begins a copy of all tasks.",
            pattern=f"^{POSITION}$",
            default="0",
            example="0",
        ),
    )
    limit = QueryInteger(
        load_default=CHANGES_MAX,
        validate=Range(1, CHANGES_MAX),
        metadata=says("How many changes to return, at most.", example=500),
    )
    wait = QueryInteger(
        load_default=0,
        validate=Range(0, WAIT_MAX),
        metadata=says(
            "If there is no change, for how many seconds to wait for one. At the end of them the "
            "answer is an empty page.",
            example=20,
        ),
    )


class LastEventSchema(Strict):
    """Where a stream broke off."""

    last_event_id = PositionField(
        data_key="Last-Event-ID",
        load_default=lambda: None,
        metadata=says(
            "The id of the last event that came: a stream continues there, and not at `since`. "
            "Browsers send it by themselves.",
            pattern=f"^{POSITION}$",
            example="0",
        ),
    )


class ChangePageSchema(AsItIs):
    """A page of the feed of changes."""

    revision = fields.Integer(
        metadata=says("That of the last change here; of the user's counter, if there is no more.")
    )
    next = fields.String(metadata=says("Keep it as it is: it is the next request's `since`."))
    has_more = fields.Boolean(metadata=says("Whether there is more already: ask again at once."))
    changes = fields.List(
        Either(TaskSchema(), TombstoneSchema()),
        metadata=says("Tasks and tombstones, oldest change first."),
    )
