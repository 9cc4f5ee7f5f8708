"""What can be done to tasks that exist: one statement for each operation, about one user."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import bindparam, case, false, func, null, select, true

from tasks_api.database.engine import execute
from tasks_api.tasks import counter as counters
from tasks_api.tasks.counter import COLUMNS, LIVE, REVISIONS, TASK, USER, new, tasks, users
from tasks_api.tasks.models import IdempotencyKey

keys: Any = IdempotencyKey.__table__

# If-Match and If-None-Match are part of the statement: they are decided when the user's other
# writes are done, on the task as they left it. NULL stands for `*`, which every task matches.
PRECONDITION = sa.and_(
    func.coalesce(tasks.c.revision == sa.any_(bindparam("expected").cast(REVISIONS)), true()),
    func.coalesce(tasks.c.revision != sa.all_(bindparam("unless").cast(REVISIONS)), false()),
)


def _write(
    values: Callable[[sa.CTE], Mapping[str, Any]], *conditions: Any, where: Any = LIVE
) -> sa.Executable:
    """Build an update of one task.

    Where a condition fails, the row is set to what it is, and comes back as it is: that tells a
    412, with the current entity tag, from a 404.
    """
    counter = counters.bumped()
    changes = {
        **values(counter),
        "revision": counter.c.revision,
        "updated_at": counter.c.written_at,
    }
    written = sa.and_(PRECONDITION, *conditions)
    return (
        sa.update(tasks)
        # The join to the counter makes the write wait for it.
        .where(tasks.c.user_id == USER, tasks.c.id == TASK, counter.c.id == tasks.c.user_id, where)
        .values({name: case((written, new), else_=tasks.c[name]) for name, new in changes.items()})
        .returning(
            *COLUMNS, tasks.c.deleted_at, (tasks.c.revision == counter.c.revision).label("written")
        )
    )


def _completion(completed: Any, counter: sa.CTE) -> dict[str, Any]:
    """Set `completed`, and the moment of it: when it becomes true, not when it is said again."""
    moment = case(
        (~completed, null()),
        (tasks.c.completed, tasks.c.completed_at),
        else_=counter.c.written_at,
    )
    return {"completed": completed, "completed_at": moment}


@cache
def _change(names: frozenset[str]) -> sa.Executable:
    """Build the statement that sets these columns; there are few such sets."""

    def values(counter: sa.CTE) -> dict[str, Any]:
        changes = {name: new(name) for name in names}
        if "completed" in names:
            changes |= _completion(new("completed"), counter)
        return changes

    return _write(values)


def _clear_completed() -> sa.Executable:
    doomed = (
        select(tasks.c.id, func.row_number().over(order_by=tasks.c.revision).label("number"))
        .where(tasks.c.user_id == USER, LIVE, tasks.c.completed)
        .cte("doomed")
    )
    number = select(func.count()).select_from(doomed).scalar_subquery()
    counter = counters.bumped(number, number > 0)
    return (
        sa.update(tasks)
        .where(
            tasks.c.user_id == USER,
            tasks.c.id == doomed.c.id,
            counter.c.id == tasks.c.user_id,
            # Again, for a task that was reopened while this waited for the counter.
            LIVE,
            tasks.c.completed,
        )
        .values(
            deleted_at=counter.c.written_at,
            updated_at=counter.c.written_at,
            revision=counter.c.revision - number + doomed.c.number,
        )
        .returning(tasks.c.id)
    )


def _erase() -> sa.Executable:
    before = select(users.c.revision).where(users.c.id == USER).scalar_subquery()
    counter = counters.bumped(purged_revision=users.c.revision + 1)
    gone = [
        sa.delete(table)
        .where(table.c.user_id == USER, counter.c.id == table.c.user_id)
        .returning(table.c.user_id)
        .cte(f"gone_{table.name}")
        for table in (tasks, keys)
    ]
    return select((counter.c.revision == before + 1).label("complete")).add_cte(*gone)


GET = select(*COLUMNS).where(tasks.c.user_id == USER, tasks.c.id == TASK, LIVE)
TOGGLE = _write(lambda counter: _completion(~tasks.c.completed, counter))
DELETE = _write(lambda counter: {"deleted_at": counter.c.written_at})
RESTORE = _write(lambda _: {"deleted_at": null()}, ~LIVE, where=true())
CLEAR_COMPLETED = _clear_completed()
ERASE = _erase()


def get_task(user_id: UUID, task_id: UUID) -> sa.Row[Any] | None:
    """Give a task's row, or None."""
    rows = execute(GET, {"user": user_id, "task": task_id})
    return rows[0] if rows else None


def change_task(
    user_id: UUID, task_id: UUID, precondition: Mapping[str, Any], changes: Mapping[str, Any]
) -> sa.Row[Any] | None:
    """Set the columns that `changes` names.

    Args:
        precondition: `expected`, the revisions that the task may have, and `unless`, those that it
            must not have; None stands for all.

    Returns:
        The row as it is afterwards, or None. `written` is false where the precondition failed.
    """
    given = {f"new_{name}": value for name, value in changes.items()}
    return _written(_change(frozenset(changes)), user_id, task_id, precondition, **given)


def toggle_task(
    user_id: UUID, task_id: UUID, precondition: Mapping[str, Any]
) -> sa.Row[Any] | None:
    """Flip `completed`; see `change_task`."""
    return _written(TOGGLE, user_id, task_id, precondition)


def delete_task(
    user_id: UUID, task_id: UUID, precondition: Mapping[str, Any]
) -> sa.Row[Any] | None:
    """Move a task to the trash; see `change_task`."""
    return _written(DELETE, user_id, task_id, precondition)


def restore_task(
    user_id: UUID, task_id: UUID, precondition: Mapping[str, Any]
) -> sa.Row[Any] | None:
    """Take a task out of the trash; see `change_task`. One that isn't there is not written."""
    return _written(RESTORE, user_id, task_id, precondition)


def clear_completed(user_id: UUID) -> int:
    """Move the completed tasks to the trash; give their number."""
    return len(execute(CLEAR_COMPLETED, {"user": user_id}))


def erase_user(user_id: UUID) -> None:
    """Erase all that is known of a user for good, but for their counter."""
    # A statement sees what was committed when it began. Where another write of the user came in
    # between, which the counter tells, its tasks are still to be erased.
    while any(not row.complete for row in execute(ERASE, {"user": user_id})):
        pass


def _written(
    statement: sa.Executable,
    user_id: UUID,
    task_id: UUID,
    precondition: Mapping[str, Any],
    **more: Any,
) -> sa.Row[Any] | None:
    given = {"user": user_id, "task": task_id, **precondition, **more}
    rows = execute(statement, given)
    return rows[0] if rows else None
