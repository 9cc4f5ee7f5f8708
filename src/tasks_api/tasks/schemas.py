"""Shapes: what a task looks like going out, and what is accepted coming in."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import Schema, ValidationError, fields
from marshmallow.validate import Equal, Length, OneOf, Range

from tasks_api.fields import Boolean, QueryBoolean, QueryInteger, Strict, Text, Timestamp
from tasks_api.tasks.models import (
    DESCRIPTION_MAX,
    NEWEST_FIRST,
    PRIORITIES,
    SORTS,
    TAG_MAX,
    TAGS_MAX,
    TITLE_MAX,
)

OFFSET_MAX = 10**9
LIMIT_MAX = 100
BATCH_MAX = 100
CHANGES_MAX = 500
REVISION_MAX = 2**63 - 1
SEARCH_MAX = 255
CURSOR_MAX = 2000

NEW_TASK_EXAMPLE = {
    "title": "Buy oat milk",
    "description": "Two cartons, the barista kind.",
    "due_at": "2026-01-09T17:00:00Z",
    "priority": "high",
    "tags": ["errands", "kitchen"],
}
TASK_EXAMPLE = {
    "id": "019bb1a2-7c5e-7d31-9c0a-3f2b8e6d4a10",
    "user_id": "6f1d6a3e-52a4-4a8e-9a57-0d2c8f0b7e11",
    "title": "Buy oat milk",
    "description": "Two cartons, the barista kind.",
    "completed": False,
    "completed_at": None,
    "due_at": "2026-01-09T17:00:00Z",
    "priority": "high",
    "tags": ["errands", "kitchen"],
    "revision": 57,
    "created_at": "2026-01-08T20:45:00.123456Z",
    "updated_at": "2026-01-08T20:45:00.123456Z",
}
CHANGES_EXAMPLE = {
    "revision": 58,
    "has_more": False,
    "changes": [
        TASK_EXAMPLE,
        {"id": "019bb1a2-7c5e-7d31-9c0a-3f2b8e6d4a0f", "revision": 58, "deleted": True},
    ],
}
TOMBSTONE = {
    "description": "A task that is deleted.",
    "type": "object",
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "revision": {"type": "integer"},
        "deleted": {"type": "boolean", "enum": [True]},
    },
    "required": ["id", "revision", "deleted"],
    "additionalProperties": False,
}


def _says(description: str, **more: Any) -> dict[str, Any]:
    return {"description": description, **more}


def _read_only(description: str) -> dict[str, Any]:
    return {"dump_only": True, "metadata": {"description": description}}


def _distinct(tags: list[str]) -> None:
    for number, tag in enumerate(tags):
        if tag in tags[:number]:
            raise ValidationError({number: ["The same tag stands before."]})


class ReadOnlyFields(Strict):
    """The members that the service sets. A request may bring them along; they are ignored."""

    id = fields.UUID(**_read_only("UUIDv7, made by the service."))
    user_id = fields.UUID(**_read_only("The user whose task it is."))
    revision = fields.Integer(
        **_read_only("The user's counter when the task was last written: the task's version.")
    )
    created_at = fields.AwareDateTime(**_read_only("When it was made."))
    updated_at = fields.AwareDateTime(**_read_only("When it was last written."))
    completed_at = fields.AwareDateTime(
        allow_none=True, **_read_only("When it became completed; null while it is open.")
    )


class TaskChangeSchema(ReadOnlyFields):
    """Members that are present are set, members that are absent keep their values."""

    title = Text(
        minimum=1,
        maximum=TITLE_MAX,
        blank=False,
        metadata=_says("What is to be done; not only white space."),
    )
    description = Text(maximum=DESCRIPTION_MAX, allow_none=True, metadata=_says("More about it."))
    completed = Boolean(metadata=_says("Whether it is done."))
    due_at = Timestamp(
        allow_none=True,
        metadata=_says("By when. An offset is required, and is turned into UTC."),
    )
    priority = fields.String(validate=OneOf(PRIORITIES), metadata=_says("How much it matters."))
    tags = fields.List(
        Text(minimum=1, maximum=TAG_MAX),
        validate=[Length(max=TAGS_MAX), _distinct],
        metadata=_says("No two alike; their order is kept.", uniqueItems=True),
    )


class NewTaskSchema(TaskChangeSchema):
    """A task to be made; what it leaves out has its default."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fields["title"].required = True


class TaskSchema(TaskChangeSchema):
    """A task. All of its members are always there."""

    class Meta(Strict.Meta):
        fields = tuple(TASK_EXAMPLE)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for field in self.fields.values():
            field.required = True


class CompletionSchema(ReadOnlyFields):
    """Whether the task is done. Without it, `completed` is flipped."""

    optional_body = True
    completed = Boolean(metadata=_says("Set it to this, instead of flipping it."))


class IdempotencyKeySchema(Strict):
    """A request that may be repeated, and shall be done once."""

    key = fields.String(
        data_key="Idempotency-Key",
        load_default=None,
        metadata=_says(
            "Any string of your own that is new for each task: repeat the request with it as often "
            "as you like, it is done once. Kept for at least 24 hours.",
            minLength=1,
            maxLength=255,
            pattern="^[!-~]+$",
        ),
    )

    def load(self, data: Any, **kwargs: Any) -> Any:
        """Read the header."""
        key = data.get("Idempotency-Key")
        if key is not None and not re.fullmatch("[!-~]{1,255}", key):
            message = "Must be 1 to 255 visible ASCII characters."
            raise ValidationError({"Idempotency-Key": [message]})
        return super().load(data, **kwargs)


class TaskQuerySchema(Strict):
    """What to list, and how."""

    limit = QueryInteger(
        load_default=50,
        validate=Range(1, LIMIT_MAX),
        metadata=_says("How many tasks to answer with at the most."),
    )
    offset = QueryInteger(
        validate=Range(0, OFFSET_MAX),
        metadata=_says(
            "How many tasks to pass over. Tasks that come and go meanwhile shift the pages; a "
            "`cursor` doesn't have that.",
            default=0,
        ),
    )
    cursor = Text(
        minimum=1,
        maximum=CURSOR_MAX,
        metadata=_says("Where to go on: from the `Link` of the page before. Not with `offset`."),
    )
    count = QueryBoolean(
        load_default=False, metadata=_says("Whether to add `X-Total-Count`, which costs time.")
    )
    sort = fields.String(
        load_default=NEWEST_FIRST,
        validate=OneOf([*SORTS, *(f"-{name}" for name in SORTS)]),
        metadata=_says(
            "What to sort by, `-` for descending. Nulls are last either way; `id` breaks ties."
        ),
    )
    completed = QueryBoolean(metadata=_says("Only tasks that are done, or only open ones."))
    q = Text(
        minimum=1,
        maximum=SEARCH_MAX,
        metadata=_says("Only tasks with this in their title or description, in any case."),
    )
    tag = Text(minimum=1, maximum=TAG_MAX, metadata=_says("Only tasks with this tag."))
    priority = fields.String(validate=OneOf(PRIORITIES), metadata=_says("Only tasks with this."))
    due_before = Timestamp(metadata=_says("Only tasks that are due before this moment."))
    due_after = Timestamp(metadata=_says("Only tasks that are due after this moment."))
    deleted = QueryBoolean(
        load_default=False, metadata=_says("List the trash instead of the living tasks.")
    )


class ClearQuerySchema(Strict):
    """What to delete: said out loud, so that nobody wipes a list by accident."""

    completed = QueryBoolean(
        required=True,
        validate=Equal(True, error="Must be true."),
        metadata=_says("Must be `true`: the completed tasks are deleted.", enum=[True]),
    )


class ClearedSchema(Schema):
    """How many tasks were moved to the trash."""

    class Meta(Strict.Meta):
        pass

    deleted = fields.Integer(required=True, metadata=_says("Their number."))


class ChangesQuerySchema(Strict):
    """From where to read the feed."""

    since = QueryInteger(
        load_default=0,
        validate=Range(0, REVISION_MAX),
        metadata=_says("The `revision` of your last answer; 0 gives a full copy."),
    )
    limit = QueryInteger(
        load_default=CHANGES_MAX,
        validate=Range(1, CHANGES_MAX),
        metadata=_says(
            "How many changes to answer with. The first page of a full copy may hold more."
        ),
    )


class ChangesSchema(Schema):
    """A page of the feed of changes."""

    class Meta(Strict.Meta):
        pass

    revision = fields.Integer(
        required=True, metadata=_says("Keep it: it is the next request's `since`.")
    )
    has_more = fields.Boolean(
        required=True, metadata=_says("Whether there is more already: ask again at once.")
    )
    changes = fields.List(
        fields.Raw(metadata={"oneOf": [{"$ref": "#/components/schemas/Task"}, TOMBSTONE]}),
        required=True,
        metadata=_says("Tasks and tombstones, oldest change first."),
    )
