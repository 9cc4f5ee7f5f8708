"""Shapes of a push: what a device has changed, and what has come of each change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from marshmallow import ValidationError, fields
from marshmallow.validate import Length, OneOf

from tasks_api.http.fields import Answer, Boolean, Strict, says
from tasks_api.http.parser import flatten, list_errors
from tasks_api.http.problem_schemas import ProblemErrorSchema
from tasks_api.tasks.constraints import contradiction
from tasks_api.tasks.fields import ChosenId, refuse_repeated
from tasks_api.tasks.schemas import (
    BATCH_MAX,
    TASK_EXAMPLE,
    TOMBSTONE_EXAMPLE,
    TaskChangeSchema,
    TaskSchema,
    TombstoneSchema,
)

NUMBER = Length(1, BATCH_MAX, error="Must have {min} to {max} elements.")
CONFLICT = "It is now neither as `was` nor as `set` says."
MISSING = "Missing data for required field."

NEW = {"id": "019bb1a2-7c5e-7d31-9c0a-3f2b8e6d4a11", "title": "Water the plants"}
PUSH_EXAMPLE = {
    "changes": [
        {"id": NEW["id"], "was": None, "set": {"title": NEW["title"]}},
        {
            "id": TASK_EXAMPLE["id"],
            "was": {"title": "Buy milk", "completed": False},
            "set": {"title": "Buy soy milk", "completed": True},
        },
        {"id": TOMBSTONE_EXAMPLE["id"], "deleted": True},
    ]
}
PUSHED_EXAMPLE = {
    "results": [
        {"id": NEW["id"], "status": 201, "task": TASK_EXAMPLE | NEW},
        {
            "id": TASK_EXAMPLE["id"],
            "status": 409,
            "task": TASK_EXAMPLE,
            "errors": [{"detail": CONFLICT, "pointer": "#/changes/1/set/title"}],
        },
        {"id": TOMBSTONE_EXAMPLE["id"], "status": 200, "tombstone": TOMBSTONE_EXAMPLE},
    ],
    "revision": 58,
}


@dataclass(frozen=True)
class Change:
    """What a device has changed of one task."""

    id: UUID | None  # None if what was sent isn't one.
    given: Mapping[str, Any] = field(default_factory=dict)  # The members that were set.
    # What they were before; None if the device has made the task.
    was: Mapping[str, Any] | None = field(default_factory=dict)
    deleted: bool | None = None  # Moved to the trash, or out of it; None for neither.
    # What is wrong with it, as in a problem; if anything is, only `id` counts.
    errors: Sequence[Mapping[str, str]] = ()


class ChangeSchema(Strict):
    """What a device has changed of one task."""

    id = ChosenId(required=True, description="The id of the task.")
    set = fields.Nested(
        TaskChangeSchema,
        load_default=dict,
        metadata=says("The members that were set, with their new values."),
    )
    was = fields.Nested(
        TaskChangeSchema,
        allow_none=True,
        metadata=says(
            "What they were when the device changed them; null: the device has made the task. A "
            "member that isn't here is set whatever it is now. Members that `set` doesn't have are "
            "ignored."
        ),
    )
    deleted = Boolean(
        metadata=says("`true`: to the trash; `false`: out of it; absent: where it was.")
    )

    def load(self, data: Any, **options: Any) -> Any:
        """Read it, and refuse what single members don't tell."""
        read = super().load(data, **options)
        new = read.get("was", read) is None
        errors = contradiction(read["set"], new=new)
        if new and "title" not in read["set"]:
            errors["title"] = MISSING
        if errors:
            raise ValidationError({"set": errors}, valid_data=read)
        return read


CHANGE = ChangeSchema()


def _read(number: int, data: Any) -> Change:
    """Read one change; what is wrong with it is no reason to refuse the others."""
    try:
        read = CHANGE.load(data)
    except ValidationError as error:
        errors = list_errors("pointer", flatten(error.messages, ("changes", number)))
        valid: Any = error.valid_data
        return Change(valid.get("id") if isinstance(data, Mapping) else None, errors=errors)
    return Change(read["id"], read["set"], read.get("was", {}), read.get("deleted"))


class Changes(fields.List[Change]):
    """Changes of a device, each of another task."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(fields.Nested(ChangeSchema), validate=NUMBER, **kwargs)

    def _deserialize(self, value: Any, *_: object, **__: object) -> list[Change]:  # type: ignore[override]
        if not isinstance(value, list):
            raise ValidationError("Must be an array.")
        NUMBER(value)
        changes = [_read(number, each) for number, each in enumerate(value)]
        refuse_repeated(change.id for change in changes)
        return changes


class PushSchema(Strict):
    """What a device has changed."""

    large_body = True
    changes = Changes(
        required=True, metadata=says("At most one for each task. They are done in this order.")
    )


class PushResultSchema(Answer):
    """What has come of a change."""

    optional = ("task", "tombstone", "errors")
    id = fields.UUID(allow_none=True, metadata=says("Of the task; null if it was no UUID."))
    status = fields.Integer(
        validate=OneOf([200, 201, 404, 409, 410, 422, 503]),
        metadata=says(
            "200, 201: it is done, or was so already. 409: a member is neither as `was` nor as "
            "`set` says. 404: there is no such task. 410: it is in the trash. 422: the change is "
            "not acceptable. 503: it was not its turn in time; send it again."
        ),
    )
    task = fields.Nested(TaskSchema, metadata=says("The task as it is now."))
    tombstone = fields.Nested(TombstoneSchema, metadata=says("If it is in the trash."))
    errors = fields.List(
        fields.Nested(ProblemErrorSchema),
        metadata=says("Why it can't be done, and where that is in the request."),
    )


class PushedSchema(Answer):
    """What has come of a push."""

    results = fields.List(
        fields.Nested(PushResultSchema), metadata=says("One for each change, at its place.")
    )
    revision = fields.Integer(metadata=says("The user's counter after the last change."))
