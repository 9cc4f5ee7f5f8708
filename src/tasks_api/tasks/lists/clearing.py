"""Clearing: the completed tasks of a user move to the trash, some at a time."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import func, select

from tasks_api.database.statements import Statement
from tasks_api.http.problems import responses
from tasks_api.tasks.blueprint import TASKS_PATH, blueprint
from tasks_api.tasks.columns import LIVE, USER_ID, still_folded
from tasks_api.tasks.counter import advance, locked_counter
from tasks_api.tasks.lists.schemas import CLEARED_EXAMPLE, ClearedSchema, ClearQuerySchema
from tasks_api.tasks.models import tasks, users
from tasks_api.tasks.preconditions import Precondition, PreconditionSchema, allows, write_if
from tasks_api.tasks.replies import READ_ERRORS

# How many tasks one request clears, so that it ends well before the statement's timeout.
CLEAR_MAX = 10_000


def _clear_completed() -> Statement:
    completed = sa.and_(tasks.c.user_id == USER_ID, LIVE, tasks.c.completed)
    oldest = select(func.min(tasks.c.revision)).where(completed).scalar_subquery()
    # The revision of the first task that is left for another request.
    left = (
        select(tasks.c.revision)
        .where(completed)
        .order_by(tasks.c.revision)
        .offset(CLEAR_MAX)
        .limit(1)
        .scalar_subquery()
    )
    found = select(oldest.label("oldest"), left.label("left")).cte("found")
    locked = locked_counter()
    end = func.coalesce(found.c.left, locked.c.revision + 1)
    counter = advance(
        # All revisions from the oldest one on move up by the same distance. They keep their order
        # and the gaps between them, so PostgreSQL doesn't have to number the rows.
        end - found.c.oldest,
        found.c.oldest.is_not(None),
        locked.c.id == users.c.id,
        allows(locked.c.revision),
    )
    revision = tasks.c.revision + counter.c.revision - end + 1
    cleared = (
        sa.update(tasks)
        .where(
            counter.c.id == tasks.c.user_id,
            locked.c.id == tasks.c.user_id,
            tasks.c.revision < end,
            # Checked again: a task may have been reopened or deleted while this waited.
            completed,
        )
        .values(
            deleted_at=counter.c.written_at,
            updated_at=counter.c.written_at,
            revision=revision,
            folded_revision=still_folded(revision),
        )
        .returning(tasks.c.id)
        .cte("cleared")
    )
    deleted = select(func.count()).select_from(cleared).scalar_subquery()
    return Statement(
        select(
            locked.c.revision, deleted.label("deleted"), found.c.left.is_not(None).label("has_more")
        ).select_from(locked.join(found, sa.true()))
    )


CLEAR_COMPLETED = _clear_completed()


@blueprint.route(TASKS_PATH, methods=["DELETE"])
@blueprint.arguments(PreconditionSchema(), location="headers")
@blueprint.arguments(ClearQuerySchema(), location="query")
@blueprint.response(200, ClearedSchema(), description="Done.", example=CLEARED_EXAMPLE)
@blueprint.doc(operationId="clearCompletedTasks", responses=responses(412) | READ_ERRORS)
def clear_completed(precondition: Precondition, _query: dict[str, Any], user_id: UUID) -> Any:
    """Delete the completed tasks

    They move to the trash, those that changed longest ago first. One request deletes at most 10,000
    tasks. The entity tags are those of the list.
    """
    row = write_if(precondition, CLEAR_COMPLETED, user_id, "list")
    return row or {"deleted": 0, "has_more": False}
