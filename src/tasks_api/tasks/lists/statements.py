"""Lists of tasks: filters, orders, and pages that neither skip nor repeat."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import bindparam, case, func, select, true, tuple_

from tasks_api.database.execution import execute
from tasks_api.database.statements import Row, Statement
from tasks_api.tasks.columns import LIVE, REVISION_ARRAY, TASK_COLUMNS, USER_ID, parameter_for
from tasks_api.tasks.models import PRIORITIES, tasks, users

# In a query of its own, so that it is done once and not for each row.
Q = select(func.lower(bindparam("q", type_=sa.Text))).scalar_subquery()
FILTERS: dict[str, sa.ColumnElement[bool]] = {
    "completed": tasks.c.completed == parameter_for("completed"),
    "q": sa.or_(
        # A backslash reads otherwise where standard_conforming_strings is off.
        func.lower(tasks.c.title).like(Q, escape="!"),
        func.lower(tasks.c.description).like(Q, escape="!"),
    ),
    "tag": bindparam("tag", type_=sa.Text) == sa.any_(tasks.c.tags),
    "priority": tasks.c.priority == parameter_for("priority"),
    "due_before": sa.or_(
        tasks.c.due_at < bindparam("due_before", type_=tasks.c.due_at.type),
        tasks.c.due_on < bindparam("ended_before", type_=tasks.c.due_on.type),
    ),
    "due_after": sa.or_(
        tasks.c.due_at >= bindparam("due_after", type_=tasks.c.due_at.type),
        tasks.c.due_on >= bindparam("ended_after", type_=tasks.c.due_on.type),
    ),
}
# The end of a day in UTC, by which `sort=due_at` places it.
DAY_END = sa.literal_column("timezone('UTC', (tasks.due_on + 1)::timestamp)", tasks.c.due_at.type)

# What null counts as, in an ascending and a descending order: it is always last.
NULLS = {"due_at": ("infinity", "-infinity"), "position": ("~", "")}

# If the counter is one of these, the client has this list already. NULL stands for all.
CHANGED = users.c.revision != sa.all_(bindparam("known", type_=REVISION_ARRAY))


@dataclass(frozen=True)
class TaskPage:
    """A page of a list.

    Args:
        revision: the user's counter, the version of all their lists.
        tasks: none if the client has this version already.
        has_more: whether there is a next page.
        total: how many tasks the filters match, if this was asked for.
    """

    revision: int
    tasks: Sequence[Row] = ()
    has_more: bool = False
    total: int | None = None


def list_tasks(
    user_id: UUID,
    query: Mapping[str, Any],
    known: Sequence[int] | None,
    after: tuple[Any, UUID] | None,
) -> TaskPage:
    """Return a page, by one statement. If `known` has the counter, no task is read.

    Args:
        query: as `TaskQuerySchema` loads it.
        known: the revisions of the lists that the client has; None stands for all.
        after: the last task of the page before: its value that the list is sorted by, and its id.
    """
    sort, limit = query["sort"], query["limit"]
    filters = FILTERS.keys() & query.keys()
    parameters = {name: query[name] for name in filters}
    if "q" in filters:
        parameters["q"] = "%" + query["q"].translate({ord(c): f"!{c}" for c in "!%_"}) + "%"
    for name in {"due_before", "due_after"} & filters:
        # By then, the days before this one have ended where the parameter's offset is. PostgreSQL
        # doesn't read offsets of 16 hours and more.
        parameters |= {
            name: query[name].astimezone(UTC),
            name.replace("due", "ended"): query[name].date(),
        }
    if after is not None:
        parameters |= {"after_key": _text(sort, after[0]), "after_id": after[1]}
    statement = _statement(
        frozenset(filters),
        sort,
        trash=query["deleted"],
        seek=after is not None,
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
    return TaskPage(counter, rows[:limit], len(rows) > limit, total if query["count"] else None)


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
        select(*TASK_COLUMNS)
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
    descending, name = sort.startswith("-"), sort.removeprefix("-")
    column = tasks.c[name]
    if name not in NULLS:
        return column, descending
    # The bytes of a position are its order, in every database.
    given = [column, DAY_END] if name == "due_at" else [column.collate("C")]
    null: sa.ColumnElement[Any] = sa.literal_column(f"'{NULLS[name][descending]}'")
    return func.coalesce(*given, null, type_=column.type), descending


def _text(sort: str, key: Any) -> str:
    """Return the text of a value that the list is sorted by, as PostgreSQL casts it."""
    if key is None:
        return NULLS[sort.removeprefix("-")][sort.startswith("-")]
    if sort.removeprefix("-") == "priority":
        return str(PRIORITIES.index(key))
    if isinstance(key, str):
        return key
    # A day's end.
    return str(key.isoformat()) + ("" if isinstance(key, datetime) else "T24:00:00Z")
