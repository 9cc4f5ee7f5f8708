"""The feed of a user's changes, and the purge of what nobody needs to hear of any more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import bindparam, func, select, true

from tasks_api.database.engine import execute
from tasks_api.tasks import counter as counters
from tasks_api.tasks.counter import COLUMNS, LIVE, USER, tasks, users
from tasks_api.tasks.models import IdempotencyKey

keys: Any = IdempotencyKey.__table__

PURGE_CHUNK = 1000
USERS_CHUNK = 1000
KEYS_KEPT = sa.text("interval '24 hours'")

SINCE = bindparam("since", type_=sa.BigInteger)


class TokenGone(Exception):
    """The feed can't lead on from this revision."""


@dataclass(frozen=True)
class Changes:
    """A page of the feed.

    Args:
        revision: what to ask for next.
        has_more: whether there is more already.
        rows: what has changed, oldest first; a tombstone has a `deleted_at`.
    """

    revision: int
    has_more: bool
    rows: Sequence[sa.Row[Any]] = ()


def _changes() -> sa.Executable:
    # A full copy names no tombstones: a purge may have removed others like them. So it is complete
    # only up to the last purge or beyond it, and its first page goes that far at least, whatever
    # the limit: from there, its revision is as good as that of whoever followed all along.
    full = SINCE == 0
    reach = (
        select(func.count())
        .select_from(tasks)
        .where(full, tasks.c.user_id == USER, LIVE, tasks.c.revision <= users.c.purged_revision)
        .correlate(users)
        .scalar_subquery()
    )
    page = (
        select(*COLUMNS, tasks.c.deleted_at)
        .where(tasks.c.user_id == USER, tasks.c.revision > SINCE, sa.or_(~full, LIVE))
        .order_by(tasks.c.revision)
        .limit(func.greatest(bindparam("limit", type_=sa.BigInteger), reach) + 1)
        .correlate(users)
        .lateral("page")
    )
    return (
        select(
            users.c.revision.label("counter"),
            users.c.purged_revision,
            page,
        )
        .select_from(users.outerjoin(page, true()))
        .where(users.c.id == USER)
    )


def _purge() -> sa.Executable:
    old = sa.and_(
        tasks.c.user_id == USER,
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
    counter = counters.bumped(
        # The trash is a list as well, and its version is the counter.
        1,
        newest.is_not(None),
        purged_revision=func.greatest(users.c.purged_revision, newest),
    )
    expired = (
        sa.delete(keys)
        .where(keys.c.user_id == USER, keys.c.created_at < func.now() - KEYS_KEPT)
        .returning(keys.c.key)
        .cte("expired")
    )
    return (
        sa.delete(tasks)
        # Again the age, for a task that was restored while this waited for the counter.
        .where(old, tasks.c.id == doomed.c.id, counter.c.id == tasks.c.user_id)
        .returning(tasks.c.id)
        .add_cte(expired)
    )


CHANGES = _changes()
PURGE = _purge()
COUNT_USERS = select(func.count().label("number")).select_from(users)
NEXT_USERS = (
    select(users.c.id)
    .where(users.c.id > bindparam("after", type_=users.c.id.type))
    .order_by(users.c.id)
    .limit(USERS_CHUNK)
)


def list_changes(user_id: UUID, since: int, limit: int) -> Changes:
    """Give what has changed after revision `since`; all that there is, for 0.

    Raises:
        TokenGone: `since` is older than the last purge or erasure, or ahead of the counter.
    """
    rows = execute(CHANGES, {"user": user_id, "since": since, "limit": limit})
    counter, purged = (rows[0].counter, rows[0].purged_revision) if rows else (0, 0)
    if since > counter or 0 < since < purged:
        raise TokenGone
    rows = [row for row in rows if row.id is not None]
    size = max(limit, sum(row.revision <= purged for row in rows))
    if len(rows) <= size:
        return Changes(counter, False, rows)
    return Changes(max(rows[size - 1].revision, purged), True, rows[:size])


def count_users() -> int:
    """Tell how many users there are."""
    return int(execute(COUNT_USERS)[0].number)


def purge(days: int) -> Iterator[int]:
    """Remove tombstones, and idempotency keys that nobody may repeat any more.

    Args:
        days: how old a tombstone must be.

    Yields:
        For each user, how many tombstones were removed.
    """
    after = UUID(int=0)
    while chunk := execute(NEXT_USERS, {"after": after}):
        for row in chunk:
            yield _purge_user(row.id, days)
        after = chunk[-1].id


def _purge_user(user_id: UUID, days: int) -> int:
    removed = 0
    while True:
        chunk = len(execute(PURGE, {"user": user_id, "age": timedelta(days=days)}))
        removed += chunk
        if chunk < PURGE_CHUNK:
            return removed
