"""What the service asks of the database: one statement for each operation.

Every statement names one user. Every write takes the next value of that user's counter, in the same
statement, and so waits for the user's other writes: that orders all changes of a user.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import bindparam, func, select, true
from sqlalchemy.dialects.postgresql import insert

from tasks_api.database import execute
from tasks_api.tasks.models import Task, User, uuid7

users: Any = User.__table__
tasks: Any = Task.__table__

# SQLAlchemy keeps the columns' own names for itself, so parameters have others.
USER = bindparam("user", type_=users.c.id.type)
TASK = bindparam("task", type_=tasks.c.id.type)


def new(name: str) -> sa.BindParameter[Any]:
    """Name the parameter that brings a column's new value."""
    return bindparam(f"new_{name}", type_=tasks.c[name].type)


# The counter for a write that may be the user's first: their row is made on the way.
_made = insert(users).values(id=USER, revision=1, written_at=func.now())
UPSERTED = _made.on_conflict_do_update(
    index_elements=[users.c.id],
    set_={
        "revision": users.c.revision + 1,
        "written_at": func.greatest(users.c.written_at, _made.excluded.written_at),
    },
).returning(users.c.id, users.c.revision, users.c.written_at)

# The counter for a write to a task that exists. A user who has never written doesn't get one.
BUMPED = (
    sa.update(users)
    .where(users.c.id == USER)
    .values(revision=users.c.revision + 1, written_at=func.greatest(users.c.written_at, func.now()))
    .returning(users.c.id, users.c.revision, users.c.written_at)
)


def _create() -> sa.Executable:
    counter = UPSERTED.cte("counter")
    values = {
        "user_id": counter.c.id,
        "id": TASK,
        **{name: new(name) for name in ("title", "description", "completed")},
        "revision": counter.c.revision,
        "created_at": counter.c.written_at,
        "updated_at": counter.c.written_at,
    }
    return insert(tasks).from_select(list(values), select(*values.values())).returning(tasks)


def _list(*filters: sa.ColumnElement[bool]) -> sa.Executable:
    page = (
        # The user is named again in here: taken from the join, the id would reach every shard.
        select(tasks)
        .where(tasks.c.user_id == USER, *filters)
        .order_by(tasks.c.created_at.desc(), tasks.c.id.desc())
        .limit(bindparam("limit", type_=sa.Integer))
        .offset(bindparam("offset", type_=sa.Integer))
        .lateral("page")
    )
    return (
        select(users.c.revision.label("counter"), page)
        .select_from(users.outerjoin(page, true()))
        .where(users.c.id == USER)
    )


def _update(values: Mapping[str, Any]) -> sa.Executable:
    counter = BUMPED.cte("counter")
    return (
        sa.update(tasks)
        .where(_written_with(counter))
        .values(revision=counter.c.revision, updated_at=counter.c.written_at, **values)
        .returning(tasks)
    )


@cache
def _change(names: frozenset[str]) -> sa.Executable:
    """Build the statement that sets these columns; there are few such sets."""
    return _update({name: new(name) for name in names})


def _written_with(counter: Any) -> sa.ColumnElement[bool]:
    """Name the task, and join it to the counter, for which the write then waits."""
    return sa.and_(tasks.c.user_id == USER, tasks.c.id == TASK, counter.c.id == tasks.c.user_id)


CREATE = _create()
GET = select(tasks).where(tasks.c.user_id == USER, tasks.c.id == TASK)
LIST = _list()
LIST_BY_COMPLETED = _list(tasks.c.completed == new("completed"))
TOGGLE = _update({"completed": ~tasks.c.completed})
DELETE = sa.delete(tasks).where(_written_with(BUMPED.cte("counter"))).returning(tasks.c.id)


def create_task(user_id: UUID, task: Mapping[str, Any]) -> sa.Row[Any]:
    """Make a task, and with the first one the user; give its row."""
    given = {"title": task["title"], "description": None, "completed": False} | dict(task)
    [row] = execute(CREATE, {"user": user_id, "task": uuid7(), **_renamed(given)})
    return row


def list_tasks(
    user_id: UUID, *, offset: int, limit: int, completed: bool | None = None
) -> tuple[int, Sequence[sa.Row[Any]]]:
    """Give the user's counter and a page of their tasks, newest first."""
    page = {"user": user_id, "offset": offset, "limit": limit}
    if completed is None:
        rows = execute(LIST, page)
    else:
        rows = execute(LIST_BY_COMPLETED, page | {"new_completed": completed})
    counter = rows[0].counter if rows else 0
    # A user without such tasks still has a counter, beside a page of nothing.
    return counter, rows if rows and rows[0].id else []


def get_task(user_id: UUID, task_id: UUID) -> sa.Row[Any] | None:
    """Give a task's row, or None."""
    return _one(GET, user_id, task_id)


def change_task(user_id: UUID, task_id: UUID, changes: Mapping[str, Any]) -> sa.Row[Any] | None:
    """Set the columns that `changes` names; give the row, or None. No changes write nothing."""
    if not changes:
        return get_task(user_id, task_id)
    return _one(_change(frozenset(changes)), user_id, task_id, **_renamed(changes))


def toggle_task(user_id: UUID, task_id: UUID) -> sa.Row[Any] | None:
    """Flip `completed`; give the row, or None."""
    return _one(TOGGLE, user_id, task_id)


def delete_task(user_id: UUID, task_id: UUID) -> sa.Row[Any] | None:
    """Delete a task; give what was its row's id, or None."""
    return _one(DELETE, user_id, task_id)


def _one(statement: sa.Executable, user_id: UUID, task_id: UUID, **more: Any) -> sa.Row[Any] | None:
    rows = execute(statement, {"user": user_id, "task": task_id, **more})
    return rows[0] if rows else None


def _renamed(values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"new_{name}": value for name, value in values.items()}
