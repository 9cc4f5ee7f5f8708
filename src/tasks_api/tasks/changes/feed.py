"""The feed of a user's changes, in pages: a full copy at first, then what has changed since."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import bindparam, func, select, true

from tasks_api.database.execution import execute
from tasks_api.database.statements import Row, Statement
from tasks_api.http.problems import Problem, problem_type
from tasks_api.tasks.columns import LIVE, TASK_COLUMNS, USER_ID
from tasks_api.tasks.models import tasks, users
from tasks_api.tasks.schemas import tombstone

# PostgreSQL has room for these, and no user writes as often.
POSITION = r"(0|[1-9][0-9]{0,17})(\.[1-9][0-9]{0,17})?"
POSITION_GONE = problem_type("position-gone")


@dataclass(frozen=True)
class Position:
    """Where a client is in the feed; written `57`, or `57.120` in the middle of a copy."""

    revision: int  # The last change that the client has; 0 before its copy.
    began: int | None = None  # In the middle of a copy, the counter when the copy began.

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the position that `str` has written.

        Raises:
            ValueError: the text isn't a position.
        """
        if not re.fullmatch(POSITION, text):
            raise ValueError
        return cls(*map(int, text.split(".")))

    def __str__(self) -> str:
        return str(self.revision) if self.began is None else f"{self.revision}.{self.began}"


@dataclass(frozen=True)
class FeedPage:
    """A page of the feed, with the members that an answer has."""

    revision: int  # That of its last change; if there are no more, the user's counter.
    next: Position
    has_more: bool
    changes: Sequence[Row] = ()  # Tasks and tombstones, the oldest change first.

    def as_json(self) -> dict[str, Any]:
        """Return what an answer has."""
        return vars(self) | {"next": str(self.next)}


def _changes() -> Statement:
    # A copy leaves out tombstones from before it began: their tasks were never part of it.
    began = func.coalesce(bindparam("began", type_=sa.BigInteger), users.c.revision)
    page = (
        select(*TASK_COLUMNS, tasks.c.deleted_at)
        .where(
            tasks.c.user_id == USER_ID,
            tasks.c.revision > bindparam("since", type_=sa.BigInteger),
            sa.or_(LIVE, tasks.c.revision > began),
        )
        .order_by(tasks.c.revision)
        .limit(bindparam("limit", type_=sa.Integer))
        .correlate(users)
        .lateral("page")
    )
    return Statement(
        select(users.c.revision.label("counter"), users.c.purged_revision, page)
        .select_from(users.outerjoin(page, true()))
        .where(users.c.id == USER_ID)
    )


CHANGES = _changes()


def list_changes(user_id: UUID, since: Position, limit: int) -> FeedPage:
    """Return what has changed after a position; from 0, a copy of all tasks.

    A purge removes tombstones. A copy leaves out those from before it began, so it can continue
    unless a newer one was purged. A client that has its copy can continue unless a tombstone that
    it hasn't seen was purged.

    Raises:
        Problem: 410, it is older than the last purge or erasure, or ahead of the counter.
    """
    starting = since == Position(0)
    complete_to = since.revision if since.began is None else since.began
    rows = execute(
        CHANGES,
        user_id=user_id,
        since=since.revision,
        began=None if starting else complete_to,
        # One more than asked for: if it comes, there are more.
        limit=limit + 1,
    )
    counter, purged = (rows[0]["counter"], rows[0]["purged_revision"]) if rows else (0, 0)
    if max(since.revision, complete_to) > counter or (complete_to < purged and not starting):
        detail = "The feed can't continue from there; start again from 0."
        raise Problem(410, detail, type=POSITION_GONE)
    changes = [_as_change(row) for row in rows if row["id"]]
    if len(changes) <= limit:
        return FeedPage(counter, Position(counter), False, changes)
    last = changes[limit - 1]["revision"]
    began = counter if starting else since.began
    return FeedPage(last, Position(last, began), True, changes[:limit])


def _as_change(row: Row) -> Row:
    """Return the task or the tombstone that a row has."""
    del row["counter"], row["purged_revision"]
    return tombstone(row) if row.pop("deleted_at") else row
