"""The purge: it removes old tombstones and idempotency keys for good."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import bindparam, func, select

from tasks_api.database.execution import execute
from tasks_api.database.statements import Statement
from tasks_api.tasks.counter import advance
from tasks_api.tasks.expressions import USER_ID
from tasks_api.tasks.models import keys, tasks, users

# How many tasks, and how many users, one statement is about.
PURGE_CHUNK = 1000
USERS_CHUNK = 1000
KEYS_KEPT = sa.text("interval '24 hours'")


def _purge() -> Statement:
    old = sa.and_(
        tasks.c.user_id == USER_ID,
        tasks.c.deleted_at < func.now() - bindparam("age", type_=sa.Interval),
    )
    doomed = (
        select(tasks.c.id, tasks.c.revision)
        .where(old)
        .order_by(tasks.c.revision)
        .limit(PURGE_CHUNK)
        .cte("doomed")
    )
    newest = select(func.max(doomed.c.revision)).scalar_subquery()
    counter = advance(
        # The trash is a list as well, and its version is the counter.
        1,
        newest.is_not(None),
        purged_revision=func.greatest(users.c.purged_revision, newest),
    )
    expired = (
        sa.delete(keys)
        .where(keys.c.user_id == USER_ID, keys.c.created_at < func.now() - KEYS_KEPT)
        .returning(keys.c.key)
        .cte("expired")
    )
    return Statement(
        sa.delete(tasks)
        # The age is checked again: a task may have been restored while this waited.
        .where(old, tasks.c.id == doomed.c.id, counter.c.id == tasks.c.user_id)
        .returning(tasks.c.id)
        .add_cte(expired)
    )


PURGE = _purge()
COUNT_USERS = Statement(select(func.count().label("number")).select_from(users))
NEXT_USERS = Statement(
    select(users.c.id)
    .where(users.c.id > bindparam("after", type_=users.c.id.type))
    .order_by(users.c.id)
    .limit(USERS_CHUNK)
)


def count_users() -> int:
    """Return how many users there are."""
    return int(execute(COUNT_USERS)[0]["number"])


def purge(days: int) -> Iterator[int]:
    """Remove old tombstones, and idempotency keys that are no longer kept.

    Args:
        days: how old a tombstone must be.

    Yields:
        For each user, how many tombstones were removed.
    """
    after: UUID | str = UUID(int=0)
    while chunk := execute(NEXT_USERS, after=after):
        for row in chunk:
            yield _purge_user(row["id"], days)
        after = chunk[-1]["id"]


def _purge_user(user_id: str, days: int) -> int:
    removed = 0
    while True:
        chunk = len(execute(PURGE, user_id=user_id, age=timedelta(days=days)))
        removed += chunk
        if chunk < PURGE_CHUNK:
            return removed
