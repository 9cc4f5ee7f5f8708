"""The one counter of each user, which every write takes the next value of.

It is taken in the statement that writes the task, by a data-modifying CTE. So it orders all changes
of a user, it is a task's version and the version of their whole collection, and each write waits
for the user's other writes.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from tasks_api.tasks.expressions import USER_ID
from tasks_api.tasks.models import users

COUNT = bindparam("count", type_=sa.BigInteger)


def start_or_advance(source: sa.FromClause | None = None) -> sa.CTE:
    """Take the next COUNT values for a write that may be the user's first: it makes their row.

    Args:
        source: where it has no row, nothing is counted.

    Returns:
        A CTE of `id`, `revision` (the last of the values) and `written_at` (the time of the write,
        which never goes back).
    """
    values = {"id": USER_ID, "revision": COUNT, "written_at": func.now()}
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


def advance(
    by: ColumnElement[int] | int = 1,
    *conditions: ColumnElement[bool],
    **values: ColumnElement[Any],
) -> sa.CTE:
    """Take the next values for a write to what exists: a user without tasks gets no counter.

    Args:
        by: how many values.
        conditions: without these, nothing is counted.
        values: more columns of the user to set.

    Returns:
        A CTE as `start_or_advance` returns it.
    """
    return (
        sa.update(users)
        .where(users.c.id == USER_ID, *conditions)
        .values(
            revision=users.c.revision + by,
            written_at=func.greatest(users.c.written_at, func.now()),
            **values,
        )
        .returning(users.c.id, users.c.revision, users.c.written_at)
        .cte("counter")
    )


def locked_counter() -> sa.CTE:
    """Wait for the user's other writes, and return a CTE of the counter as they left it."""
    return (
        select(users.c.id, users.c.revision)
        .where(users.c.id == USER_ID)
        .with_for_update()
        .cte("locked")
    )
