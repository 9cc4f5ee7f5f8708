"""The purge: it removes old tombstones and idempotency keys for good.

It is the one thing that is about all users. So it asks first who has old tombstones, and its cost
is that of what it removes, not that of the users there are.
"""

from collections.abc import Iterator
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy import bindparam, func, select

from tasks_api.database.execution import execute
from tasks_api.database.statements import Statement
from tasks_api.tasks.columns import USER_ID
from tasks_api.tasks.counter import advance
from tasks_api.tasks.models import idempotency_keys, tasks, users

# How many tasks, or keys, one statement is about.
PURGE_CHUNK = 1000
OLD = tasks.c.deleted_at < func.now() - bindparam("age", type_=sa.Interval)


def _next_users() -> Statement:
    oldest = (
        select(tasks.c.user_id, tasks.c.deleted_at)
        .where(OLD, tasks.c.deleted_at >= bindparam("since", type_=tasks.c.deleted_at.type))
        .order_by(tasks.c.deleted_at)
        .limit(PURGE_CHUNK)
        .subquery("oldest")
    )
    newest = func.max(func.max(oldest.c.deleted_at)).over().label("newest")
    return Statement(select(oldest.c.user_id, newest).group_by(oldest.c.user_id))


def _purge() -> Statement:
    old = sa.and_(tasks.c.user_id == USER_ID, OLD)
    doomed = (
        select(tasks.c.id, tasks.c.revision)
        .where(old)
        # Not by the index of the revisions, which has the tasks that aren't in the trash, too.
        .order_by(tasks.c.revision + sa.text("0"))
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
    return Statement(
        sa.delete(tasks)
        # The age is checked again: a task may have been restored while this waited.
        .where(old, tasks.c.id == doomed.c.id, counter.c.id == tasks.c.user_id)
        .returning(tasks.c.id)
    )


def _purge_keys() -> Statement:
    primary_key = (idempotency_keys.c.user_id, idempotency_keys.c.key)
    old = idempotency_keys.c.created_at < func.now() - sa.text("interval '24 hours'")
    doomed = (
        select(*primary_key).where(old).order_by(idempotency_keys.c.created_at).limit(PURGE_CHUNK)
    )
    return Statement(
        sa.delete(idempotency_keys)
        .where(sa.tuple_(*primary_key).in_(doomed))
        .returning(idempotency_keys.c.user_id)
    )


COUNT_OLD = Statement(select(func.count().label("number")).select_from(tasks).where(OLD))
NEXT_USERS = _next_users()
PURGE = _purge()
PURGE_KEYS = _purge_keys()


def count(days: int) -> int:
    """Return how many tombstones are that old."""
    return int(execute(COUNT_OLD, age=timedelta(days=days))[0]["number"])


def purge(days: int) -> Iterator[int]:
    """Remove tombstones of this age in days, and idempotency keys that are no longer kept.

    Yields:
        How many tombstones were removed, after each step.
    """
    while len(execute(PURGE_KEYS)) == PURGE_CHUNK:
        pass
    age = timedelta(days=days)
    since = "-infinity"
    while found := execute(NEXT_USERS, since=since, age=age):
        for row in found:
            removed = PURGE_CHUNK
            while removed == PURGE_CHUNK:
                removed = len(execute(PURGE, user_id=row["user_id"], age=age))
                yield removed
        # What was removed up to here stays in the index for a while; nobody has to step over it.
        since = found[0]["newest"]
