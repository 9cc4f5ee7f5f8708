"""The counter of each user: every write takes its next value.

The statement that writes the task takes the value, in a data-modifying CTE. So the counter orders
all changes of a user, its value is the version of a task and of the user's lists, and each write
waits for the user's other writes.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from tasks_api.tasks.columns import USER_ID
from tasks_api.tasks.models import users

HOW_MANY = bindparam("count", type_=sa.BigInteger)


def start_or_advance(source: sa.FromClause | None = None) -> sa.CTE:
    """Take the next `count` values for a write that may be the user's first, which makes their row.

    Args:
        source: if it has no row, no value is taken.

    Returns:
        A CTE of `id`, `revision` (the last of the values) and `written_at` (the time of the write,
        which never goes back).
    """
    values = {"id": USER_ID, "revision": HOW_MANY, "written_at": func.now()}
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
    by: ColumnElement[int] | int = 1, *conditions: ColumnElement[bool], **values: ColumnElement[Any]
) -> sa.CTE:
    """Take the next values for a write to tasks that exist, if all conditions hold.

    It sets other columns of the user too (`values`), and never makes a user. The CTE is as that of
    `start_or_advance`.
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
    """Return a CTE that waits for the user's other writes, and has the counter after them."""
    return (
        select(users.c.id, users.c.revision)
        .where(users.c.id == USER_ID)
        .with_for_update()
        .cte("locked")
    )
