"""Shapes of a task: what an answer has, also of one in the trash, and what a request may have."""

from typing import Any

from marshmallow import ValidationError, fields

from tasks_api.database.statements import Row
from tasks_api.http.fields import Answer, Boolean, Day, Strict, Text, Timestamp, says
from tasks_api.tasks.constraints import contradiction
from tasks_api.tasks.fields import (
    ChosenId,
    Position,
    Priority,
    Recurrence,
    Tags,
    TimeZone,
    refuse_repeated,
)
from tasks_api.tasks.models import DESCRIPTION_MAX, TITLE_MAX

BATCH_MAX = 100

TASK_EXAMPLE = {
    "id": "019bb1a2-7c5e-7d31-9c0a-3f2b8e6d4a10",
    "user_id": "6f1d6a3e-52a4-4a8e-9a57-0d2c8f0b7e11",
    "title": "Buy oat milk",
    "description": "Two cartons, the barista kind.",
    "completed": False,
    "completed_at": None,
    "due_at": "2026-01-09T17:00:00Z",
    "due_on": None,
    "time_zone": "Europe/Berlin",
    "recurrence": "FREQ=WEEKLY;BYDAY=FR",
    "next_task_id": None,
    "priority": "high",
    "tags": ["errands", "kitchen"],
    "position": "a0V",
    "revision": 57,
    "created_at": "2026-01-08T20:45:00.123456Z",
    "updated_at": "2026-01-08T20:45:00.123456Z",
}
NEW_TASK_EXAMPLE = {
    name: TASK_EXAMPLE[name]
    for name in ("id", "title", "description", "due_at", "priority", "tags")
}
TOMBSTONE_EXAMPLE = {"id": "019bb1a2-7c5e-7d31-9c0a-3f2b8e6d4a0f", "revision": 58, "deleted": True}


def _read_only(description: str) -> dict[str, Any]:
    return {"dump_only": True, "metadata": says(description)}


class ReadOnlyFields(Strict):
    """The members that the service sets. A request may contain them; they are ignored."""

    id = fields.UUID(**_read_only("The client's own, or a UUIDv7 that the service has made."))
    user_id = fields.UUID(**_read_only("The user whose task it is."))
    revision = fields.Integer(
        **_read_only("The user's counter when the task was last written: the task's version.")
    )
    created_at = fields.AwareDateTime(**_read_only("When it was made."))
    updated_at = fields.AwareDateTime(**_read_only("When it was last written."))
    next_task_id = fields.UUID(
        allow_none=True, **_read_only("The task that it made when it was completed, if it recurs.")
    )
    completed_at = fields.AwareDateTime(
        allow_none=True, **_read_only("When it became completed; null while it is open.")
    )


class TaskChangeSchema(ReadOnlyFields):
    """Members that are present are set, members that are absent keep their values."""

    title = Text(
        minimum=1,
        maximum=TITLE_MAX,
        blank=False,
        metadata=says("What is to be done; not only white space."),
    )
    description = Text(maximum=DESCRIPTION_MAX, allow_none=True, metadata=says("More about it."))
    completed = Boolean(metadata=says("Whether it is done."))
    due_at = Timestamp(
        allow_none=True,
        metadata=says(
            "By when: `2026-01-09T17:00:00+01:00`. An offset is required, and is turned into UTC."
        ),
    )
    due_on = Day(
        allow_none=True,
        metadata=says(
            "By which day: `2026-01-09`, wherever its reader is, never converted. Not together "
            "with `due_at`: to change from one to the other, send the other as null."
        ),
    )
    time_zone = TimeZone(
        allow_none=True,
        metadata=says("By its clock `due_at` recurs, and a completion has its day; null is UTC."),
    )
    recurrence = Recurrence(
        allow_none=True,
        metadata=says(
            "When it comes again: an RRULE of RFC 5545 about days, such as `FREQ=WEEKLY;BYDAY=FR`. "
            "Completing the task makes the next one: a copy, due at the first occurrence after "
            "both its due and its completion. `COUNT` is how many tasks there are, with this one."
        ),
    )
    priority = Priority(metadata=says("How much it matters."))
    tags = Tags(metadata=says("No two alike; their order is kept.", uniqueItems=True))
    position = Position(
        allow_none=True,
        metadata=says(
            "Where it is among the others by hand: a key of fractional indexing, which you make "
            "between the keys of its neighbours. `sort=position` compares bytes."
        ),
    )


class CompletionSchema(ReadOnlyFields):
    """Whether the task is done. Without it, `completed` is flipped."""

    optional_body = True
    completed = Boolean(metadata=says("Set `completed` to this, instead of flipping it."))


class NewTaskSchema(TaskChangeSchema):
    """A task to create. A member that it leaves out gets its default."""

    array_max = BATCH_MAX

    id = ChosenId(
        description="An id of your own, for a client that works offline; without it, the service "
        "makes a UUIDv7. If you have a task with this id already, it stays as it is."
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fields["title"].required = True

    def load(self, data: Any, **options: Any) -> Any:
        """Refuse what single members don't tell; marshmallow's own hook for this takes 8 µs."""
        loaded = super().load(data, **options)
        if self.many:
            refuse_repeated(task.get("id") for task in loaded)
        found = map(contradiction, loaded if self.many else [loaded])
        if errors := {number: error for number, error in enumerate(found) if error}:
            raise ValidationError(errors if self.many else errors[0])
        return loaded


class TaskSchema(Answer, TaskChangeSchema):
    """A task. All of its members are always there."""

    class Meta(Strict.Meta):
        fields = tuple(TASK_EXAMPLE)


class TombstoneSchema(Answer):
    """A task that was deleted."""

    id = fields.UUID(metadata=says("The id of the task."))
    revision = fields.Integer(metadata=says("The user's counter when the task was deleted."))
    deleted = fields.Boolean(
        metadata=says("Always `true`; a task has no such member.", enum=[True])
    )


def tombstone(task: Row) -> Row:
    """Return what clients see of a task that is in the trash."""
    return {"id": task["id"], "revision": task["revision"], "deleted": True}
