"""What a list is sorted by: the same on every database, nulls last either way."""

import operator
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Select, bindparam, case, func, select, tuple_, union_all

from tasks_api.tasks.columns import UNFOLDED, USER_ID
from tasks_api.tasks.models import PRIORITIES, tasks

# The end of a day in UTC, by which `sort=due_at` places it.
DAY_END = sa.literal_column("timezone('UTC', (tasks.due_on + 1)::timestamp)", tasks.c.due_at.type)
# The bytes of a position, or of a folded title, are its order in every database.
POSITION = tasks.c.position.collate("C")
TITLE = func.convert_from(tasks.c.title_folded, sa.text("'UTF8'"), type_=sa.Text).collate("C")
# What may be null, and what null counts as in an ascending and a descending order. A title isn't
# folded if an earlier release has made the task in the middle of a walk.
NULLABLE: dict[str, tuple[ColumnElement[Any], str, str]] = {
    "due_at": (func.coalesce(tasks.c.due_at, DAY_END), "infinity", "-infinity"),
    "position": (POSITION, "~", ""),
    "title_folded": (TITLE, "", ""),
}

LIMIT, OFFSET = (bindparam(name, type_=sa.Integer) for name in ("limit", "offset"))
AFTER_KEY = bindparam("after_key", type_=sa.Text)
AFTER_ID = bindparam("after_id", type_=tasks.c.id.type)
# The least id and the greatest, which no task has.
ENDS = (UUID(int=0), UUID(int=2**128 - 1))

# Whether an earlier release has written any task of the user.
ANY_UNFOLDED = (
    select(tasks.c.id).where(tasks.c.user_id == USER_ID, UNFOLDED).correlate(None).exists()
)


def orders(sort: str) -> tuple[str, str]:
    """Return the orders that a list may be in: the one it should be in, and a substitute.

    By title, that is the order of the folded titles; or while any task of the user has none, of
    the titles themselves, as in earlier releases. A walk goes on as it began: so a task that is
    folded meanwhile keeps its place.
    """
    return sort.replace("title", "title_folded"), sort


def is_folded(order: str) -> bool:
    """Return whether this is the order of the folded titles."""
    return order.endswith("title_folded")


def key_of(order: str) -> tuple[ColumnElement[Any], bool]:
    """Return what to sort by, and whether descending."""
    descending, name = order.startswith("-"), order.removeprefix("-")
    if name not in NULLABLE:
        return tasks.c[name], descending
    key, *nulls = NULLABLE[name]
    null: ColumnElement[Any] = sa.literal_column(f"'{nulls[descending]}'")
    return func.coalesce(key, null, type_=key.type), descending


def text_of(order: str, key: Any) -> str:
    """Return the text of what a task is sorted by, as PostgreSQL casts it."""
    descending, name = order.startswith("-"), order.removeprefix("-")
    if key is None:
        return NULLABLE[name][1:][descending]
    if name == "priority":
        return str(PRIORITIES.index(key))
    if isinstance(key, str):
        return key
    # A day's end.
    return str(key.isoformat()) + ("" if isinstance(key, datetime) else "T24:00:00Z")


def page_of(found: Select[Any], order: str, *, seek: bool, indexed: bool) -> Select[Any]:
    """Return a page of the tasks that are found, in an order.

    Args:
        seek: whether it is what comes after the task with `after_key` and `after_id`.
        indexed: whether positions are read by their index. It would make writes slower if it also
            had the tasks that have none; these come after the others, by the index of their ids.
    """
    key, descending = key_of(order)
    direction, beyond = (sa.desc, operator.lt) if descending else (sa.asc, operator.gt)

    def in_order(some: Select[Any], *places: tuple[Any, Any]) -> Select[Any]:
        keys, after = zip(*places, strict=True)
        some = some.where(beyond(tuple_(*keys), tuple_(*after))) if seek else some
        return some.order_by(*map(direction, keys))

    key = POSITION if indexed else key
    place = (key, AFTER_KEY.cast(key.type)), (tasks.c.id, AFTER_ID)
    if not indexed:
        return in_order(found, *place).limit(LIMIT).offset(OFFSET)
    end = LIMIT + OFFSET
    placed = in_order(found.where(tasks.c.position.is_not(None)), *place).limit(end)
    first = placed.cte("first", nesting=True)
    room = end - select(func.count()).select_from(first).scalar_subquery()
    # The rest begin at an end of all ids, unless the cursor is among them.
    edge = sa.literal_column(f"uuid '{ENDS[descending]}'", AFTER_ID.type)
    is_last = sa.literal_column(f"'{text_of(order, None)}'", sa.Text) == AFTER_KEY
    after_id = case((is_last, AFTER_ID), else_=edge)
    rest = in_order(found.where(tasks.c.position.is_(None)), (tasks.c.id, after_id)).limit(room)
    both = union_all(select(first), rest).subquery("both")
    last = direction(both.c.position.collate("C")).nulls_last()
    return select(both).order_by(last, direction(both.c.id)).limit(LIMIT).offset(OFFSET)
