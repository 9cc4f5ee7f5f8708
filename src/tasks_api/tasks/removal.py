"""What removes many tasks of a user at once: clearing and erasure."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import func, select

from tasks_api.database.execution import execute
from tasks_api.database.statements import Row, Statement
from tasks_api.tasks.counter import advance, locked_counter
from tasks_api.tasks.expressions import LIVE, USER_ID
from tasks_api.tasks.models import keys, tasks, users
from tasks_api.tasks.preconditions import ANYTHING, Precondition, allows

# How many tasks one request clears, so that it ends well before the statement's timeout.
CLEAR_MAX = 10_000


class PreconditionFailed(Exception):
    """The precondition doesn't allow the user's counter.

    Args:
        revision: the counter.
    """

    def __init__(self, revision: int) -> None:
        super().__init__(revision)
        self.revision = revision


def _clear_completed() -> Statement:
    completed = sa.and_(tasks.c.user_id == USER_ID, LIVE, tasks.c.completed)
    oldest = select(func.min(tasks.c.revision)).where(completed).scalar_subquery()
    # The revision of the first task that is left for another request.
    left = (
        select(tasks.c.revision)
        .where(completed)
        .order_by(tasks.c.revision)
        .offset(CLEAR_MAX)
        .limit(1)
        .scalar_subquery()
    )
    found = select(oldest.label("oldest"), left.label("left")).cte("found")
    locked = locked_counter()
    end = func.coalesce(found.c.left, locked.c.revision + 1)
    counter = advance(
        # All revisions from the oldest one on move up by the same distance. They keep their order
        # and the gaps between them, so PostgreSQL doesn't have to number the rows.
        end - found.c.oldest,
        found.c.oldest.is_not(None),
        locked.c.id == users.c.id,
        allows(locked.c.revision),
    )
    cleared = (
        sa.update(tasks)
        .where(
            counter.c.id == tasks.c.user_id,
            locked.c.id == tasks.c.user_id,
            tasks.c.revision < end,
            # Checked again: a task may have been reopened or deleted while this waited.
            completed,
        )
        .values(
            deleted_at=counter.c.written_at,
            updated_at=counter.c.written_at,
            revision=tasks.c.revision + counter.c.revision - end + 1,
        )
        .returning(tasks.c.id)
        .cte("cleared")
    )
    deleted = select(func.count()).select_from(cleared).scalar_subquery()
    return Statement(
        select(
            locked.c.revision, deleted.label("deleted"), found.c.left.is_not(None).label("has_more")
        ).select_from(locked.join(found, sa.true()))
    )


def _erase() -> Statement:
    seen = select(users.c.revision).where(users.c.id == USER_ID).scalar_subquery()
    locked = locked_counter()
    counter = advance(
        1,
        locked.c.id == users.c.id,
        allows(locked.c.revision),
        purged_revision=users.c.revision + 1,
    )
    gone = [
        sa.delete(table)
        .where(table.c.user_id == USER_ID, counter.c.id == table.c.user_id)
        .returning(table.c.user_id)
        .cte(f"gone_{table.name}")
        for table in (tasks, keys)
    ]
    complete = (locked.c.revision == seen).label("complete")
    return Statement(select(locked.c.revision, complete).add_cte(*gone))


CLEAR_COMPLETED = _clear_completed()
ERASE = _erase()


def clear_completed(user_id: UUID, precondition: Precondition) -> tuple[int, bool]:
    """Move completed tasks to the trash, the oldest change first, at most `CLEAR_MAX` of them.

    Returns:
        Their number, and whether there are more.

    Raises:
        PreconditionFailed: nothing was done.
    """
    row = _if_allowed(precondition, CLEAR_COMPLETED, user_id)
    return (row["deleted"], row["has_more"]) if row else (0, False)


def erase_user(user_id: UUID, precondition: Precondition) -> None:
    """Erase all data of a user for good, except their id and counter.

    Raises:
        PreconditionFailed: nothing was done.
    """
    row = _if_allowed(precondition, ERASE, user_id)
    # A statement sees what was committed when it began. If another write of the user came in
    # between, the counter shows it, and its tasks are still to be erased.
    while row and not row["complete"]:
        row = _if_allowed(ANYTHING, ERASE, user_id)


def _if_allowed(precondition: Precondition, statement: Statement, user_id: UUID) -> Row | None:
    """Run a statement on all of a user's tasks; a user who has never written has none."""
    rows = execute(statement, user_id=user_id, **precondition.parameters())
    revision = rows[0]["revision"] if rows else 0
    if not precondition.allows(revision):
        raise PreconditionFailed(revision)
    return rows[0] if rows else None
