"""What is written of a task: of a new one, and of one that is changed or completed."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import ColumnElement, and_, case, null

from tasks_api.tasks.columns import TASK_ID, USER_ID, still_folded
from tasks_api.tasks.folding import FOLDED
from tasks_api.tasks.models import tasks
from tasks_api.tasks.schemas import TaskChangeSchema

# What a client sets, and what a new task has where it doesn't: a title it must have.
MEMBERS = tuple(TaskChangeSchema().load_fields)
DEFAULTS: dict[str, Any] = {
    **dict.fromkeys(MEMBERS[1:]),
    "completed": False,
    "priority": "none",
    "tags": [],
}
COLUMNS = (*MEMBERS, *FOLDED)

# By the names of columns.
Values = Mapping[str, ColumnElement[Any]]


def new_task(
    counter: sa.CTE, task_id: ColumnElement[UUID], columns: Values
) -> dict[str, ColumnElement[Any]]:
    """Return the columns of a new task, from the counter and those of what a client sets."""
    return {
        "user_id": counter.c.id,
        "id": task_id,
        **columns,
        "revision": counter.c.revision,
        "folded_revision": counter.c.revision,
        "created_at": counter.c.written_at,
        "updated_at": counter.c.written_at,
        "completed_at": case((columns["completed"], counter.c.written_at)),
    }


def update_one(
    counter: sa.CTE, columns: Values, among: ColumnElement[bool], *conditions: ColumnElement[bool]
) -> sa.Update:
    """Build the update of one task, except for what it returns.

    If a condition fails, the columns keep their values and the row is still returned. So a 412,
    with the current entity tag, differs from a 404.
    """
    changes: dict[str, ColumnElement[Any]] = {
        "revision": counter.c.revision,
        "updated_at": counter.c.written_at,
        "folded_revision": still_folded(counter.c.revision),
        **columns,
    }
    if conditions:
        allowed = and_(*conditions)
        changes = {name: case((allowed, to), else_=tasks.c[name]) for name, to in changes.items()}
    return (
        sa.update(tasks)
        .where(
            tasks.c.user_id == USER_ID,
            tasks.c.id == TASK_ID,
            # The join to the counter makes the write wait for it.
            counter.c.id == tasks.c.user_id,
            among,
        )
        .values(changes)
    )


def completion(completed: ColumnElement[bool], counter: sa.CTE) -> Values:
    """Set `completed` and its time: when it becomes true, not when it is set to true again."""
    moment = case(
        (~completed, null()), (tasks.c.completed, tasks.c.completed_at), else_=counter.c.written_at
    )
    return {"completed": completed, "completed_at": moment}


def makes_next(
    completed: ColumnElement[bool], recurrence: ColumnElement[Any]
) -> ColumnElement[bool]:
    """Return whether a task that is set to this becomes completed and is to make the next one."""
    open_until_now = completed & ~tasks.c.completed
    return open_until_now & recurrence.is_not(None) & tasks.c.next_task_id.is_(None)
