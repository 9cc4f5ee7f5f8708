"""What a list is sorted by: the same on every database, nulls last either way."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, func, select

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
