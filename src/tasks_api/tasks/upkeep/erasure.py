"""Erasure: all data of a user are removed for good, except their id and counter."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import select

from tasks_api.database.statements import Statement
from tasks_api.http.problems import responses
from tasks_api.tasks.blueprint import USER_PATH, blueprint
from tasks_api.tasks.columns import USER_ID
from tasks_api.tasks.counter import advance, locked_counter
from tasks_api.tasks.models import idempotency_keys, tasks, users
from tasks_api.tasks.preconditions import (
    ANYTHING,
    Precondition,
    PreconditionSchema,
    allows,
    write_if,
)
from tasks_api.tasks.replies import without_body


def _erase() -> Statement:
    seen = select(users.c.revision).where(users.c.id == USER_ID).scalar_subquery()
    locked = locked_counter()
    counter = advance(
        1,
        locked.c.id == users.c.id,
        allows(locked.c.revision),
        purged_revision=users.c.revision + 1,
    )
    gone = [
        sa.delete(table)
        .where(table.c.user_id == USER_ID, counter.c.id == table.c.user_id)
        .returning(table.c.user_id)
        .cte(f"gone_{table.name}")
        for table in (tasks, idempotency_keys)
    ]
    complete = (locked.c.revision == seen).label("complete")
    return Statement(select(locked.c.revision, complete).add_cte(*gone))


ERASE = _erase()


@blueprint.route(USER_PATH, methods=["DELETE"])
@blueprint.arguments(PreconditionSchema(), location="headers")
@blueprint.response(204, description="Erased.")
@blueprint.doc(operationId="eraseUser", responses=responses(400, 404, 412, 422, 500, 503))
def erase_user(precondition: Precondition, user_id: UUID) -> Any:
    """Erase a user for good

    All tasks are removed, those in the trash too. Only the id and its counter stay, so that no
    revision is ever used twice. The entity tags are those of the list.
    """
    row = write_if(precondition, ERASE, user_id, "user")
    # A statement sees what was committed when it began. If another write of the user came in
    # between, the counter shows it, and its tasks are still to be erased.
    while row and not row["complete"]:
        row = write_if(ANYTHING, ERASE, user_id, "user")
    return without_body(204)
