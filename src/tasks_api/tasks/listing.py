"""Lists of tasks: filters, orders, and pages that neither skip nor repeat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from marshmallow import ValidationError, fields
from marshmallow.validate import OneOf
from sqlalchemy import bindparam, case, func, select, true, tuple_

from tasks_api.database.execution import execute
from tasks_api.database.statements import Row, Statement
from tasks_api.http.cursors import CursorError, decode, encode
from tasks_api.http.fields import Text, Timestamp
from tasks_api.tasks.expressions import LIVE, REVISIONS, TASK, USER_ID, given
from tasks_api.tasks.models import PRIORITIES, TITLE_MAX, tasks, users

# In a query of its own, so that it is done once and not for each row.
Q = select(func.lower(bindparam("q", type_=sa.Text))).scalar_subquery()
FILTERS: dict[str, sa.ColumnElement[bool]] = {
    "completed": tasks.c.completed == given("completed"),
    "q": sa.or_(
        func.lower(tasks.c.title).like(Q, escape="\\"),
        func.lower(tasks.c.description).like(Q, escape="\\"),
    ),
    "tag": bindparam("tag", type_=sa.Text) == sa.any_(tasks.c.tags),
    "priority": tasks.c.priority == given("priority"),
    "due_before": tasks.c.due_at < bindparam("due_before", type_=tasks.c.due_at.type),
    "due_after": tasks.c.due_at > bindparam("due_after", type_=tasks.c.due_at.type),
}

# What a cursor may contain for each order: clients can forge it, so it is read like a query.
KEYS: dict[str, fields.Field[Any]] = {
    "created_at": Timestamp(),
    "updated_at": Timestamp(),
    "due_at": Timestamp(allow_none=True),
    "priority": fields.String(validate=OneOf(PRIORITIES)),
    "title": Text(maximum=TITLE_MAX),
}

# If the counter is one of these, the client has this list already. NULL stands for all.
CHANGED = users.c.revision != sa.all_(bindparam("known", type_=REVISIONS))


@dataclass(frozen=True)
class Page:
    """A page of a list.

    Args:
        revision: the user's counter, the version of all their lists.
        tasks: none if the client has this version already.
        next_cursor: where the next page begins; None if there is none.
        total: how many tasks the filters match, if this was asked for.
    """

    revision: int
    tasks: Sequence[Row] = ()
    next_cursor: str | None = None
    total: int | None = None


def list_tasks(user_id: UUID, query: Mapping[str, Any], known: Sequence[int] | None) -> Page:
    """Return a page, by one statement. If `known` has the counter, no task is read.

    Args:
        query: as `TaskQuerySchema` loads it.
        known: the revisions of the lists that the client has; None stands for all.

    Raises:
        CursorError: the cursor isn't one of this list.
    """
    sort, cursor, limit = query["sort"], query.get("cursor"), query["limit"]
    filters = FILTERS.keys() & query.keys()
    parameters = {name: query[name] for name in filters}
    if "q" in filters:
        parameters["q"] = "%" + query["q"].translate({ord(c): f"\\{c}" for c in "\\%_"}) + "%"
    if cursor is not None:
        parameters |= _position(sort, decode(user_id, sort, cursor))
    statement = _statement(
        frozenset(filters),
        sort,
        trash=query["deleted"],
        seek=cursor is not None,
        count=query["count"],
    )
    # One more than asked for: if it comes, there is a next page.
    window = {"offset": query.get("offset", 0), "limit": limit + 1}
    rows = execute(statement, user_id=user_id, known=known, **window, **parameters)
    counter, total = 0, 0
    for row in rows:
        counter, total = row.pop("counter"), row.pop("total", 0)
    # The user's row without a task.
    if rows and rows[0]["id"] is None:
        rows = []
    next_cursor = None
    if len(rows) > limit:
        last = rows[limit - 1]
        next_cursor = encode(user_id, sort, [last[sort.removeprefix("-")], last["id"]])
    return Page(counter, rows[:limit], next_cursor, total if query["count"] else None)


@lru_cache(500)
def _statement(
    filters: frozenset[str], sort: str, *, trash: bool, seek: bool, count: bool
) -> Statement:
    key, descending = _key(sort)
    matching = [
        # The user is named here again: with the id from the join, every shard would be asked.
        tasks.c.user_id == USER_ID,
        ~LIVE if trash else LIVE,
        *(FILTERS[name] for name in sorted(filters)),
    ]
    place, after = (
        tuple_(key, tasks.c.id),
        tuple_(
            bindparam("after_key", type_=sa.Text).cast(key.type),
            bindparam("after_id", type_=tasks.c.id.type),
        ),
    )
    beyond = (place < after if descending else place > after) if seek else true()
    direction = sa.desc if descending else sa.asc
    page = (
        # If the counter is unchanged, PostgreSQL finds this out before it opens an index.
        select(*TASK)
        .where(CHANGED, *matching, beyond)
        .order_by(direction(key), direction(tasks.c.id))
        .limit(bindparam("limit", type_=sa.Integer))
        .offset(bindparam("offset", type_=sa.Integer))
        .correlate(users)
        .lateral("page")
    )
    columns = [users.c.revision.label("counter"), *page.c]
    if count:
        number = select(func.count()).select_from(tasks).where(*matching).scalar_subquery()
        columns.append(case((CHANGED, number)).label("total"))
    return Statement(
        select(*columns).select_from(users.outerjoin(page, true())).where(users.c.id == USER_ID)
    )


def _key(sort: str) -> tuple[sa.ColumnElement[Any], bool]:
    """Return what to sort by, and whether descending. Nulls are always last."""
    descending = sort.startswith("-")
    column = tasks.c[sort.removeprefix("-")]
    if column.nullable:
        return func.coalesce(column, sa.text(_null(sort)), type_=column.type), descending
    return column, descending


def _null(sort: str) -> str:
    return "'-infinity'" if sort.startswith("-") else "'infinity'"


def _position(sort: str, position: Any) -> dict[str, Any]:
    """Return the parameters for a cursor's position.

    Raises:
        CursorError: no task can be at this position; the cursor was made up.
    """
    name = sort.removeprefix("-")
    try:
        key, task_id = position
        key, task_id = KEYS[name].deserialize(key), UUID(task_id)
    except (TypeError, ValueError, AttributeError, ValidationError):
        raise CursorError from None
    if key is None:
        key = _null(sort).strip("'")
    elif name == "priority":
        key = str(PRIORITIES.index(key))
    elif name != "title":
        key = key.isoformat()
    return {"after_key": key, "after_id": task_id}
