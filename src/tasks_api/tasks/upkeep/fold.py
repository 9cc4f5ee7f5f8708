"""Folds the texts of tasks that an earlier release has written, for searches and orders.

No revision changes, and no time: for clients nothing has happened. Like the purge, this asks of all
users who has such tasks, and then writes for one user at a time.
"""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from tasks_api.database.execution import execute
from tasks_api.database.statements import Statement
from tasks_api.tasks.columns import UNFOLDED, USER_ID
from tasks_api.tasks.counter import locked_counter
from tasks_api.tasks.folding import FOLDED, folded
from tasks_api.tasks.models import tasks

# How many tasks one statement is about.
FOLD_CHUNK = 1000
COLUMNS = ("id", "revision", *FOLDED)


KEY = sa.tuple_(tasks.c.user_id, tasks.c.id)
AFTER = sa.tuple_(*(bindparam(f"after_{column.name}", type_=column.type) for column in KEY))
NEXT_UNFOLDED = Statement(
    select(*KEY, tasks.c.revision, tasks.c.title, tasks.c.description)
    .where(UNFOLDED, KEY > AFTER)
    .order_by(*KEY)
    .limit(FOLD_CHUNK)
)


def _fold() -> Statement:
    arrays = func.unnest(*(bindparam(name, type_=ARRAY(tasks.c[name].type)) for name in COLUMNS))
    given = arrays.table_valued(*COLUMNS).render_derived("given")
    # As every write does: so it waits for the user's other writes.
    locked = locked_counter()
    return Statement(
        sa.update(tasks)
        .where(
            tasks.c.user_id == USER_ID,
            locked.c.id == tasks.c.user_id,
            tasks.c.id == given.c.id,
            # Nobody has written the task meanwhile.
            tasks.c.revision == given.c.revision,
        )
        .values(folded_revision=tasks.c.revision, **{name: given.c[name] for name in FOLDED})
        .returning(tasks.c.id)
    )


FOLD = _fold()


def fold() -> Iterator[int]:
    """Fold what an earlier release has written.

    Yields:
        How many tasks were folded, after each step.
    """
    last: dict[str, Any] = {"user_id": UUID(int=0), "id": UUID(int=0)}
    while rows := execute(NEXT_UNFOLDED, after_user_id=last["user_id"], after_id=last["id"]):
        last = rows[-1]
        for user_id, found in groupby(rows, key=itemgetter("user_id")):
            columns = [row | folded(row) | {"id": UUID(row["id"])} for row in found]
            given = {name: [row[name] for row in columns] for name in COLUMNS}
            yield len(execute(FOLD, user_id=user_id, **given))
