"""The one counter of each user, which every write takes the next value of.

It is taken in the statement that writes the task, by a data-modifying CTE. So it orders all changes
of a user, it is a task's version and the version of their whole collection, and whoever writes
waits for the user's other writes.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY, insert

from tasks_api.tasks.models import Task, User

users: Any = User.__table__
tasks: Any = Task.__table__

# What of a task goes out.
COLUMNS = [column for column in tasks.c if column.name != "deleted_at"]
LIVE = tasks.c.deleted_at.is_(None)

# SQLAlchemy keeps the columns' own names for itself, so parameters have others.
USER = bindparam("user", type_=users.c.id.type)
TASK = bindparam("task", type_=tasks.c.id.type)
COUNT = bindparam("count", type_=sa.BigInteger)
REVISIONS = ARRAY(sa.BigInteger)


def made(source: sa.FromClause | None = None) -> sa.CTE:
    """Take the next COUNT values for a write that may be the user's first: it makes their row.

    Args:
        source: where it has no row, nothing is counted.

    Returns:
        A CTE of `id`, `revision` (the last of the values) and `written_at` (the time of the write).
    """
    values = {"id": USER, "revision": COUNT, "written_at": func.now()}
    rows = select(*values.values())
    statement = insert(users).from_select(
        list(values), rows if source is None else rows.select_from(source)
    )
    return (
        statement.on_conflict_do_update(
            index_elements=[users.c.id],
            set_={
                "revision": users.c.revision + statement.excluded.revision,
                "written_at": func.greatest(users.c.written_at, statement.excluded.written_at),
            },
        )
        .returning(users.c.id, users.c.revision, users.c.written_at)
        .cte("counter")
    )


def bumped(by: Any = 1, *conditions: Any, **values: Any) -> sa.CTE:
    """Take the next values for a write to what exists: who has never written gets no counter.

    Args:
        by: how many values.
        conditions: without these, nothing is counted.
        values: more columns of the user to set.

    Returns:
        A CTE as `made` gives it.
    """
    return (
        sa.update(users)
        .where(users.c.id == USER, *conditions)
        .values(
            revision=users.c.revision + by,
            written_at=func.greatest(users.c.written_at, func.now()),
            **values,
        )
        .returning(users.c.id, users.c.revision, users.c.written_at)
        .cte("counter")
    )


def new(name: str) -> sa.BindParameter[Any]:
    """Name the parameter that brings a column's new value."""
    return bindparam(f"new_{name}", type_=tasks.c[name].type)
