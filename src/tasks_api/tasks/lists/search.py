"""What `q` finds: tasks that have it in their title or description, as `folding` compares texts."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, bindparam, case, func, select

from tasks_api.tasks.columns import UNFOLDED
from tasks_api.tasks.folding import fold
from tasks_api.tasks.lists.schemas import SEARCH_MAX
from tasks_api.tasks.models import tasks


def _utf8(text: ColumnElement[str]) -> ColumnElement[bytes]:
    return func.convert_to(text, sa.text("'UTF8'"), type_=sa.LargeBinary)


def _has(text: ColumnElement[bytes], part: ColumnElement[bytes]) -> ColumnElement[bool]:
    # With bytes this compares blocks of memory, and has no bad case. LIKE takes seconds if a text
    # repeats itself, so does `strpos`, and a regular expression if `part` is long.
    return func.position(part.op("IN")(text)) > sa.text("0")


Q_FOLDED = bindparam("q_folded", type_=sa.LargeBinary)
# In a query of its own, so that it is done once and not for each row.
Q_LOWER = select(_utf8(func.lower(bindparam("q", type_=sa.Text)))).scalar_subquery()

FOUND = case(
    (
        # As the release did that has written the task.
        UNFOLDED,
        sa.or_(
            *(_has(_utf8(func.lower(t)), Q_LOWER) for t in (tasks.c.title, tasks.c.description))
        ),
    ),
    else_=sa.or_(*(_has(t, Q_FOLDED) for t in (tasks.c.title_folded, tasks.c.description_folded))),
)


def parameters(q: str) -> dict[str, Any]:
    """Return the parameters of `FOUND`."""
    return {"q": q, "q_folded": fold(q, 4 * SEARCH_MAX)}
