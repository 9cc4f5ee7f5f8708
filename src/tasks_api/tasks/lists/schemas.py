"""Shapes of what is about many tasks: lists and clearing."""

from marshmallow import fields
from marshmallow.validate import Equal, Range

from tasks_api.http.fields import (
    Answer,
    Choice,
    QueryBoolean,
    QueryInteger,
    QueryTimestamp,
    Strict,
    Text,
    says,
)
from tasks_api.tasks.fields import Priority
from tasks_api.tasks.lists.cursors import EXAMPLE
from tasks_api.tasks.models import NEWEST_FIRST, SORTS, TAG_MAX
from tasks_api.tasks.schemas import TASK_EXAMPLE, TaskSchema

OFFSET_MAX = 10**9
LIMIT_MAX = 100
SEARCH_MAX = 255
CURSOR_MAX = 2000

PAGE_EXAMPLE = {"tasks": [TASK_EXAMPLE], "next": None, "total": None, "revision": 57}
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
        metadata=says("How many tasks to return, at most.", example=50),
    )
    offset = QueryInteger(
        validate=Range(0, OFFSET_MAX),
        metadata=says(
            "How many tasks to skip. Tasks that are made or deleted meanwhile shift the pages, "
            "which they don't with a `cursor`. 0 is as if it were absent.",
            example=0,
        ),
    )
    cursor = Text(
        minimum=1,
        maximum=CURSOR_MAX,
        metadata=says(
            "Where to continue: from `Link`, or `next`, of the page before. Not with an `offset`, "
            "unless that is 0.",
            example=EXAMPLE,
        ),
    )
    count = QueryBoolean(
        load_default=False,
        metadata=says("Whether to count all matches too, which costs time.", example=True),
    )
    sort = SortKey(
        load_default=NEWEST_FIRST,
        metadata=says(
            "What to sort by, `-` for descending. Nulls are last either way; `id` breaks ties. "
            "Titles are compared without case, accents and width: `apple`, `Éclair`, `Zebra`.",
            example=NEWEST_FIRST,
        ),
    )
    completed = QueryBoolean(
        metadata=says("Only tasks that are done, or only open ones.", example=False)
    )
    q = Text(
        minimum=1,
        maximum=SEARCH_MAX,
        metadata=says(
            "Only tasks with this in their title or description. Case, accents and width don't "
            "matter: `ARGER` finds `Ärger`, `strasse` finds `Straße`. No character is special.",
            example="oat",
        ),
    )
    tag = Text(
        minimum=1, maximum=TAG_MAX, metadata=says("Only tasks with this tag.", example="errands")
    )
    priority = Priority(metadata=says("Only tasks of this priority.", example="high"))
    due_before = QueryTimestamp(
        metadata=says(
            "Only tasks that are due before this moment: their `due_at` is before it, or their day "
            "`due_on` has ended by then, at the offset of this parameter. With the end of today, "
            "`2026-01-10T00:00:00+01:00`: what is due today or overdue. In a URL, `+` is `%2B`.",
            example="2027-01-01T00:00:00Z",
        )
    )
    due_after = QueryTimestamp(
        metadata=says(
            "Only tasks that are due, but not before this moment; see `due_before`.",
            example="2026-01-01T00:00:00Z",
        )
    )
    deleted = QueryBoolean(
        load_default=False,
        metadata=says("List the tasks in the trash instead of the others.", example=False),
    )


class ClearQuerySchema(Strict):
    """Which tasks to delete: this must be in the query, so that nobody deletes by accident."""

    completed = QueryBoolean(
        required=True,
        validate=Equal(True, error="Must be true."),
        metadata=says(
            "Must be `true`: the completed tasks are deleted.", enum=[True], example=True
        ),
    )


class ClearedSchema(Answer):
    """How many tasks were moved to the trash."""

    deleted = fields.Integer(metadata=says("Their number."))
    has_more = fields.Boolean(metadata=says("Whether there are more: send the request again."))


class TaskPageSchema(Answer):
    """A page of a list, and what is about it."""

    tasks = fields.List(fields.Nested(TaskSchema()), metadata=says("The tasks."))
    next = fields.String(
        allow_none=True, metadata=says("The next page's `cursor`; null on the last page.")
    )
    total = fields.Integer(
        allow_none=True,
        metadata=says("How many tasks the filters match, if `count=true` asked for it."),
    )
    revision = fields.Integer(metadata=says("The user's counter: the version of all their lists."))
