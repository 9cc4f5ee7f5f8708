"""Reading and changing one task: one statement for each operation."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import ColumnElement, case, null, select, true

from tasks_api.database.execution import execute
from tasks_api.database.statements import Row, Statement
from tasks_api.tasks.columns import (
    LIVE,
    TASK_COLUMNS,
    TASK_ID,
    USER_ID,
    parameter_for,
    still_folded,
)
from tasks_api.tasks.counter import advance
from tasks_api.tasks.models import tasks
from tasks_api.tasks.preconditions import ANYTHING, Precondition, allows

# Returns the columns that a write sets, from the counter.
Values = Callable[[sa.CTE], Mapping[str, ColumnElement[Any]]]


class Write:
    """An update of one task, with and without a precondition.

    Args:
        values: what it sets.
        condition: what must be true beside the precondition.
        among: the tasks that it can find; any other is a 404.
    """

    def __init__(
        self,
        values: Values,
        *,
        condition: ColumnElement[bool] | None = None,
        among: ColumnElement[bool] = LIVE,
    ) -> None:
        allowed = allows(tasks.c.revision)
        self._always = _update(values, condition, among)
        self._conditionally = _update(
            values, allowed if condition is None else allowed & condition, among
        )

    def __call__(
        self, user_id: UUID, task_id: UUID, precondition: Precondition, **values: Any
    ) -> Row | None:
        """Return the task as it is afterwards, or None.

        `written` is false if the precondition, or the condition, didn't allow it.
        """
        values |= {"user_id": user_id, "task_id": task_id}
        if precondition == ANYTHING:
            rows = execute(self._always, **values)
        else:
            rows = execute(self._conditionally, **values, **precondition.parameters())
        return rows[0] if rows else None


def _update(
    values: Values, condition: ColumnElement[bool] | None, among: ColumnElement[bool]
) -> Statement:
    counter = advance()
    return Statement(
        update_one(counter, values(counter), among, condition).returning(
            *TASK_COLUMNS,
            tasks.c.deleted_at,
            (tasks.c.revision == counter.c.revision).label("written"),
        )
    )


def update_one(
    counter: sa.CTE,
    values: Mapping[str, ColumnElement[Any]],
    among: ColumnElement[bool],
    condition: ColumnElement[bool] | None = None,
) -> sa.Update:
    """Build the update of one task, except for what it returns.

    If the condition fails, the columns keep their values and the row is still returned. So a 412,
    with the current entity tag, differs from a 404.
    """
    changes: dict[str, ColumnElement[Any]] = {
        "revision": counter.c.revision,
        "updated_at": counter.c.written_at,
        "folded_revision": still_folded(counter.c.revision),
        **values,
    }
    if condition is not None:
        changes = {name: case((condition, to), else_=tasks.c[name]) for name, to in changes.items()}
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


def completion(completed: ColumnElement[bool], counter: sa.CTE) -> dict[str, ColumnElement[Any]]:
    """Set `completed` and its time: when it becomes true, not when it is set to true again."""
    moment = case(
        (~completed, null()),
        (tasks.c.completed, tasks.c.completed_at),
        else_=counter.c.written_at,
    )
    return {"completed": completed, "completed_at": moment}


def makes_next(
    completed: ColumnElement[bool], recurrence: ColumnElement[Any]
) -> ColumnElement[bool]:
    """Return whether a task that is set to this becomes completed and is to make the next one."""
    open_until_now = completed & ~tasks.c.completed
    return open_until_now & recurrence.is_not(None) & tasks.c.next_task_id.is_(None)


def _completing(completed: ColumnElement[bool], others: Mapping[str, ColumnElement[Any]]) -> Write:
    """Set `completed` and other members. What `makes_next` is not written."""

    def values(counter: sa.CTE) -> dict[str, ColumnElement[Any]]:
        return {**others, **completion(completed, counter)}

    recurrence = others.get("recurrence", tasks.c.recurrence)
    return Write(values, condition=~makes_next(completed, recurrence))


@cache
def write_of(names: frozenset[str]) -> Write:
    """Build the statements that set these members; there are few such sets."""
    changes = {name: parameter_for(name) for name in sorted(names)}
    if "completed" in names:
        return _completing(changes.pop("completed"), changes)
    return Write(lambda _: changes)


GET = Statement(
    select(*TASK_COLUMNS).where(tasks.c.user_id == USER_ID, tasks.c.id == TASK_ID, LIVE)
)

toggle_task = _completing(~tasks.c.completed, {})
delete_task = Write(lambda counter: {"deleted_at": counter.c.written_at})
# A task that isn't in the trash is not written.
restore_task = Write(lambda _: {"deleted_at": null()}, condition=~LIVE, among=true())


def get_task(user_id: UUID, task_id: UUID) -> Row | None:
    """Return a task, or None."""
    rows = execute(GET, user_id=user_id, task_id=task_id)
    return rows[0] if rows else None
