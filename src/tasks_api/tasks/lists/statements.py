"""Lists of tasks: filters, orders, and pages that neither skip nor repeat."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from functools import lru_cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import bindparam, case, func, select, true

from tasks_api.database.execution import execute
from tasks_api.database.statements import Row, Statement
from tasks_api.tasks.columns import LIVE, REVISION_ARRAY, TASK_COLUMNS, USER_ID, parameter_for
from tasks_api.tasks.lists import search
from tasks_api.tasks.lists.cursors import Place
from tasks_api.tasks.lists.orders import ANY_UNFOLDED, is_folded, key_of, orders, page_of, text_of
from tasks_api.tasks.models import tasks, users

FILTERS: dict[str, sa.ColumnElement[bool]] = {
    "completed": tasks.c.completed == parameter_for("completed"),
    "q": search.FOUND,
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
# If the counter is one of these, the client has this list already. NULL stands for all.
CHANGED = users.c.revision != sa.all_(bindparam("known", type_=REVISION_ARRAY))


@dataclass(frozen=True)
class TaskPage:
    """A page of a list."""

    revision: int  # The user's counter, the version of all their lists.
    tasks: Sequence[Row] = ()  # Empty if the client has this version already.
    next: Place | None = None  # Where the next page begins, if there is one.
    total: int | None = None  # How many tasks the filters match, if this was asked for.


def list_tasks(
    user_id: UUID,
    query: Mapping[str, Any],
    known: Sequence[int] | None,
    after: Place | None,
    order: str | None = None,
) -> TaskPage:
    """Return a page, by one statement. If `known` has the counter, no task is read.

    Args:
        query: as `TaskQuerySchema` loads it.
        known: the revisions of the lists that the client has; None stands for all.
        after: where the page begins, unless it is the first.
        order: what the first page is sorted by; a first page that can't be is asked for again.
    """
    order = order or (after.order if after else orders(query["sort"])[0])
    filters, limit = FILTERS.keys() & query.keys(), query["limit"]
    parameters = {name: query[name] for name in filters}
    if "q" in filters:
        parameters |= search.parameters(query["q"])
    for name in {"due_before", "due_after"} & filters:
        # By then, the days before this one have ended where the parameter's offset is. PostgreSQL
        # doesn't read offsets of 16 hours and more.
        parameters |= {
            name: query[name].astimezone(UTC),
            name.replace("due", "ended"): query[name].date(),
        }
    if after is not None:
        parameters |= {"after_key": text_of(order, after.key), "after_id": after.task_id}
    trash, seek, count = query["deleted"], after is not None, query["count"]
    statement = _statement(frozenset(filters), order, trash=trash, seek=seek, count=count)
    # One more than asked for: if it comes, there is a next page.
    window = {"offset": query.get("offset", 0), "limit": limit + 1}
    rows = execute(statement, user_id=user_id, known=known, **window, **parameters)
    if rows and rows[0]["id"] and rows[0].get("title_folded", "") is None:
        return list_tasks(user_id, query, known, after, query["sort"])
    counter, total = 0, 0
    for row in rows:
        counter, total = row.pop("counter"), row.pop("total", 0)
    # The user's row without a task.
    if rows and rows[0]["id"] is None:
        rows = []
    following = None
    if len(rows) > limit:
        last = rows[limit - 1]
        key = last[order.removeprefix("-")]
        # A task that is due has a moment, or a day.
        key = last["due_on"] if key is None and order.endswith("due_at") else key
        following = Place(order, key, UUID(last["id"]))
    for row in rows if is_folded(order) else ():
        del row["title_folded"]
    return TaskPage(counter, rows[:limit], following, total if count else None)


@lru_cache(500)
def _statement(
    filters: frozenset[str], order: str, *, trash: bool, seek: bool, count: bool
) -> Statement:
    matching = [
        # The user is named here again: with the id from the join, every shard would be asked.
        tasks.c.user_id == USER_ID,
        ~LIVE if trash else LIVE,
        *(FILTERS[name] for name in sorted(filters)),
    ]
    title = [key_of(order)[0].label("title_folded")] if is_folded(order) else []
    # If the counter is unchanged, PostgreSQL finds this out before it opens an index.
    found = select(*TASK_COLUMNS, *title).where(CHANGED, *matching).correlate(users)
    # A search reads all tasks of the user, whatever their order.
    indexed = order.endswith("position") and "q" not in filters
    page = page_of(found, order, seek=seek, indexed=indexed).lateral("page")
    columns = [users.c.revision.label("counter"), *page.c]
    if is_folded(order) and not seek:
        complete = sa.and_(CHANGED.is_(true()), ~ANY_UNFOLDED)
        columns[-1] = case((complete, columns[-1])).label("title_folded")
    if count:
        number = select(func.count()).select_from(tasks).where(*matching).scalar_subquery()
        columns.append(case((CHANGED, number)).label("total"))
    return Statement(
        select(*columns).select_from(users.outerjoin(page, true())).where(users.c.id == USER_ID)
    )
