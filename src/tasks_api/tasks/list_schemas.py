"""Shapes of what is about many tasks: lists, clearing, the feed of changes."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields
from marshmallow.validate import Equal, Range

from tasks_api.http.fields import (
    Choice,
    Either,
    QueryBoolean,
    QueryInteger,
    Strict,
    Text,
    Timestamp,
)
from tasks_api.tasks.feed import POSITION, Position
from tasks_api.tasks.models import NEWEST_FIRST, SORTS, TAG_MAX
from tasks_api.tasks.schemas import TASK_EXAMPLE, Priority, TaskSchema, says

OFFSET_MAX = 10**9
LIMIT_MAX = 100
CHANGES_MAX = 500
SEARCH_MAX = 255
CURSOR_MAX = 2000

CHANGES_EXAMPLE = {
    "revision": 58,
    "next": "58",
    "has_more": False,
    "changes": [
        TASK_EXAMPLE,
        {"id": "019bb1a2-7c5e-7d31-9c0a-3f2b8e6d4a0f", "revision": 58, "deleted": True},
    ],
}
CLEARED_EXAMPLE = {"deleted": 3, "has_more": False}


class SortKey(Choice):
    """What to sort by; `-` is for descending."""

    choices = {name: name.upper() for name in SORTS} | {
        f"-{name}": f"{name.upper()}_DESCENDING" for name in SORTS
    }


class TaskQuerySchema(Strict):
    """Which tasks to list, and how."""

    limit = QueryInteger(
        load_default=50,
        validate=Range(1, LIMIT_MAX),
        metadata=says("How many tasks to return, at most."),
    )
    offset = QueryInteger(
        validate=Range(0, OFFSET_MAX),
        metadata=says(
            "How many tasks to skip. Tasks that are made or deleted meanwhile shift the pages, "
            "which they don't with a `cursor`.",
            default=0,
        ),
    )
    cursor = Text(
        minimum=1,
        maximum=CURSOR_MAX,
        metadata=says("Where to continue: from the `Link` of the page before. Not with `offset`."),
    )
    count = QueryBoolean(
        load_default=False, metadata=says("Whether to add `X-Total-Count`, which costs time.")
    )
    sort = SortKey(
        load_default=NEWEST_FIRST,
        metadata=says(
            "What to sort by, `-` for descending. Nulls are last either way; `id` breaks ties."
        ),
    )
    completed = QueryBoolean(metadata=says("Only tasks that are done, or only open ones."))
    q = Text(
        minimum=1,
        maximum=SEARCH_MAX,
        metadata=says("Only tasks with this in their title or description, in any case."),
    )
    tag = Text(minimum=1, maximum=TAG_MAX, metadata=says("Only tasks with this tag."))
    priority = Priority(metadata=says("Only tasks of this priority."))
    due_before = Timestamp(metadata=says("Only tasks that are due before this moment."))
    due_after = Timestamp(metadata=says("Only tasks that are due after this moment."))
    deleted = QueryBoolean(
        load_default=False, metadata=says("List the tasks in the trash instead of the others.")
    )


class ClearQuerySchema(Strict):
    """Which tasks to delete: this must be in the query, so that nobody deletes by accident."""

    completed = QueryBoolean(
        required=True,
        validate=Equal(True, error="Must be true."),
        metadata=says("Must be `true`: the completed tasks are deleted.", enum=[True]),
    )


class ClearedSchema(Schema):
    """How many tasks were moved to the trash."""

    class Meta(Strict.Meta):
        pass

    deleted = fields.Integer(required=True, metadata=says("Their number."))
    has_more = fields.Boolean(
        required=True, metadata=says("Whether there are more: send the request again.")
    )


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
        ),
    )
    limit = QueryInteger(
        load_default=CHANGES_MAX,
        validate=Range(1, CHANGES_MAX),
        metadata=says("How many changes to return, at most."),
    )


class TombstoneSchema(Schema):
    """A task that was deleted."""

    class Meta(Strict.Meta):
        pass

    id = fields.UUID(required=True, metadata=says("The id of the task."))
    revision = fields.Integer(
        required=True, metadata=says("The user's counter when the task was deleted.")
    )
    deleted = fields.Boolean(
        required=True, metadata=says("Always `true`; a task has no such member.", enum=[True])
    )


class ChangePageSchema(Schema):
    """A page of the feed of changes."""

    class Meta(Strict.Meta):
        pass

    revision = fields.Integer(
        required=True,
        metadata=says("That of the last change here; of the user's counter, if there is no more."),
    )
    next = fields.String(
        required=True, metadata=says("Keep it as it is: it is the next request's `since`.")
    )
    has_more = fields.Boolean(
        required=True, metadata=says("Whether there is more already: ask again at once.")
    )
    changes = fields.List(
        Either(TaskSchema(), TombstoneSchema()),
        required=True,
        metadata=says("Tasks and tombstones, oldest change first."),
    )
