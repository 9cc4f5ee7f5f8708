"""Completing a task that recurs makes the next one.

A task that doesn't recur is completed by one statement. It leaves one that does as it is: then the
next occurrence is known, and another statement writes both.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, false, select, true
from sqlalchemy.dialects.postgresql import insert

from tasks_api.database.execution import execute
from tasks_api.database.failures import ConstraintViolated
from tasks_api.database.statements import Row, Statement
from tasks_api.tasks.columns import TASK_COLUMNS, parameter_for
from tasks_api.tasks.constraints import refusal
from tasks_api.tasks.counter import HOW_MANY, advance
from tasks_api.tasks.folding import folded
from tasks_api.tasks.item.members import COLUMNS, MEMBERS, new_task, next_task
from tasks_api.tasks.item.statements import toggle_task, update_one, write_of
from tasks_api.tasks.models import tasks
from tasks_api.tasks.preconditions import Precondition

NEXT = {name: parameter_for(name, "next_") for name in ("id", "due_at", "due_on", "recurrence")}


def _complete() -> Statement:
    counter = advance(HOW_MANY)
    columns = {name: parameter_for(name) for name in COLUMNS}
    # Before that of the next task.
    revision = counter.c.revision - HOW_MANY + 1
    changes = {
        **columns,
        "completed_at": counter.c.written_at,
        "next_task_id": NEXT["id"],
        "revision": revision,
        "folded_revision": revision,
    }
    still = tasks.c.revision == bindparam("found", type_=tasks.c.revision.type)
    completed = (
        update_one(counter, changes, still)
        .returning(*TASK_COLUMNS, tasks.c.deleted_at, true().label("written"))
        .cte("completed")
    )
    values = new_task(counter, NEXT["id"], {**columns, **NEXT, "completed": false()})
    rows = (
        select(*values.values())
        .select_from(completed.join(counter, true()))
        .where(NEXT["id"].is_not(None))
    )
    # A device that was offline may have made it already.
    made = insert(tasks).from_select(list(values), rows)
    made = made.on_conflict_do_nothing(index_elements=[tasks.c.user_id, tasks.c.id])
    return Statement(select(completed).add_cte(made.cte("made")))


COMPLETE = _complete()


def complete(user_id: UUID, found: Row, changes: Mapping[str, Any]) -> Row | None:
    """Change and complete a task that recurs, and make the next one.

    Args:
        found: the task as it was found, open.

    Returns:
        The task; None if somebody else has written it meanwhile: nothing was done.

    Raises:
        ConstraintViolated: the task would break a rule of `constraints`.
    """
    task = {**found, **changes, "completed": True}
    following = next_task(task)
    rows = execute(
        COMPLETE,
        user_id=user_id,
        task_id=task["id"],
        found=task["revision"],
        count=1 + bool(following),
        **{name: task[name] for name in MEMBERS},
        **folded(task),
        **{f"next_{name}": following.get(name) for name in NEXT},
    )
    return rows[0] if rows else None


def change_task(
    user_id: UUID, task_id: UUID, precondition: Precondition, changes: Mapping[str, Any]
) -> Row | None:
    """Set the members that `changes` names, or flip `completed` if it names none; see `Write`.

    Raises:
        Problem: 422, the task would break a rule of `constraints`.
    """
    columns = {**changes, **folded(changes)}
    write = write_of(frozenset(columns)) if columns else toggle_task
    try:
        while True:
            task = write(user_id, task_id, precondition, **columns)
            if task is None or task["written"] or not precondition.allows(task["revision"]):
                return task
            # If somebody else writes it meanwhile, it is tried again.
            if task := complete(user_id, task, changes):
                return task
    except ConstraintViolated as error:
        raise refusal(error, changes) from None
