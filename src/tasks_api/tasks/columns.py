"""What the statements about tasks share: parameters, the columns of a task, what is live."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, bindparam, case, func
from sqlalchemy.dialects.postgresql import ARRAY

from tasks_api.tasks.models import PRIORITIES, tasks, users
from tasks_api.tasks.schemas import TaskSchema

REVISION_ARRAY = ARRAY(sa.BigInteger)

USER_ID = bindparam("user_id", type_=users.c.id.type)
TASK_ID = bindparam("task_id", type_=tasks.c.id.type)

# A task is deleted by moving it to the trash.
LIVE = tasks.c.deleted_at.is_(None)

# An earlier release has written the task, and what was folded may be of another text.
UNFOLDED = tasks.c.folded_revision.is_distinct_from(tasks.c.revision)

# The database keeps a priority's rank, which it can sort by; clients see its name.
_NAMES = f"ARRAY{list(PRIORITIES)}"
PRIORITY = sa.literal_column(f"({_NAMES})[tasks.priority + 1]", sa.Text).label("priority")

# The members of a task in an answer.
TASK_COLUMNS: tuple[ColumnElement[Any], ...] = tuple(
    PRIORITY if name == "priority" else tasks.c[name] for name in TaskSchema.Meta.fields
)


def rank(priority: ColumnElement[str]) -> ColumnElement[int]:
    """Return the rank of a priority, from its name."""
    return func.array_position(sa.literal_column(_NAMES), priority, type_=sa.Integer) - 1


def parameter_for(name: str, prefix: str = "") -> ColumnElement[Any]:
    """Return the parameter for a member that a client sends, converted for its column."""
    if name == "priority":
        return rank(bindparam(prefix + name, type_=sa.Text))
    return bindparam(prefix + name, type_=tasks.c[name].type)


def still_folded(revision: ColumnElement[int]) -> ColumnElement[int]:
    """Return the `folded_revision` that goes with a new revision."""
    return case((~UNFOLDED, revision))
