"""Creating tasks: one, many at once, or once for each Idempotency-Key."""

import hashlib
import sys
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy import bindparam, case, func, select, true
from sqlalchemy.dialects.postgresql import insert

from tasks_api.database.execution import execute
from tasks_api.database.statements import Row, Statement
from tasks_api.http.problems import Problem, problem_type
from tasks_api.tasks.columns import LIVE, TASK_COLUMNS, TASK_ID, USER_ID, parameter_for, rank
from tasks_api.tasks.counter import start_or_advance
from tasks_api.tasks.models import idempotency_keys, tasks

if sys.version_info >= (3, 14):
    from uuid import uuid7
else:
    from uuid_utils.compat import uuid7

DEFAULTS: dict[str, Any] = {
    "description": None,
    "completed": False,
    "due_at": None,
    "priority": "none",
    "tags": [],
}
MEMBERS = ("title", *DEFAULTS)
KEY_REUSED = problem_type("idempotency-key-reused")
DELETED = problem_type("task-deleted")
KEY = bindparam("key", type_=idempotency_keys.c.key.type)


def _create() -> Statement:
    counter = start_or_advance()
    values = {
        "user_id": counter.c.id,
        "id": TASK_ID,
        **{name: parameter_for(name) for name in MEMBERS},
        "revision": counter.c.revision,
        "created_at": counter.c.written_at,
        "updated_at": counter.c.written_at,
        "completed_at": case((parameter_for("completed"), counter.c.written_at)),
    }
    return Statement(
        insert(tasks).from_select(list(values), select(*values.values())).returning(*TASK_COLUMNS)
    )


def _create_many(claim: sa.CTE | None = None) -> Statement:
    counter = start_or_advance(claim)
    types: dict[str, sa.types.TypeEngine[Any]] = {
        name: tasks.c[name].type for name in ("id", *MEMBERS)
    }
    types |= {"priority": sa.Text(), "following": sa.BigInteger()}
    documents = (
        func.json_to_recordset(bindparam("documents", type_=sa.Text).cast(sa.JSON))
        .table_valued(*(sa.column(name, kind) for name, kind in types.items()))
        .render_derived("documents", with_types=True)
    )
    values = {
        "user_id": counter.c.id,
        "id": documents.c.id,
        **{name: documents.c[name] for name in MEMBERS},
        "priority": rank(documents.c.priority),
        # The counter has the revision of the last task.
        "revision": counter.c.revision - documents.c.following,
        "created_at": counter.c.written_at,
        "updated_at": counter.c.written_at,
        "completed_at": case((documents.c.completed, counter.c.written_at)),
    }
    rows = select(*values.values()).select_from(counter.join(documents, true()))
    return Statement(insert(tasks).from_select(list(values), rows).returning(*TASK_COLUMNS))


# This comes first, so that a repeat waits here and then takes no revision.
CLAIM = (
    insert(idempotency_keys)
    .values(
        user_id=USER_ID,
        key=KEY,
        fingerprint=bindparam("fingerprint", type_=idempotency_keys.c.fingerprint.type),
        task_ids=bindparam("task_ids", type_=idempotency_keys.c.task_ids.type),
    )
    .on_conflict_do_nothing()
    .returning(idempotency_keys.c.user_id)
    .cte("claim")
)
CREATE = _create()
CREATE_MANY = _create_many()
CREATE_MANY_ONCE = _create_many(CLAIM)
REPLAY = Statement(
    select(
        *TASK_COLUMNS,
        idempotency_keys.c.fingerprint,
        func.cardinality(idempotency_keys.c.task_ids).label("number"),
    )
    .select_from(
        idempotency_keys.outerjoin(
            tasks,
            sa.and_(
                tasks.c.user_id == USER_ID, tasks.c.id == sa.any_(idempotency_keys.c.task_ids), LIVE
            ),
        )
    )
    .where(idempotency_keys.c.user_id == USER_ID, idempotency_keys.c.key == KEY)
    .order_by(func.array_position(idempotency_keys.c.task_ids, tasks.c.id))
)


def create_task(user_id: UUID, task: Mapping[str, Any]) -> Row:
    """Create a task, and the user with their first one; return the task."""
    [row] = execute(CREATE, user_id=user_id, task_id=uuid7(), count=1, **DEFAULTS | dict(task))
    return row


def create_tasks(user_id: UUID, new: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Create tasks, all or none; return them in the order given."""
    return _in_order(execute(CREATE_MANY, **_many(user_id, new, [uuid7() for _ in new])))


def create_once(
    user_id: UUID, key: str, new: Sequence[Mapping[str, Any]], request: Any
) -> tuple[list[Row], bool]:
    """Create tasks, unless an earlier request with this key has created them.

    Args:
        request: the body; if the key was used with another one, this is no repeat.

    Returns:
        The tasks in the order given, and whether this is a repeat.

    Raises:
        Problem: 422, the key was used for another request; 410, what it created is deleted.
    """
    fingerprint = hashlib.sha256(orjson.dumps(request, option=orjson.OPT_SORT_KEYS)).hexdigest()
    task_ids = [uuid7() for _ in new]
    claim = {"key": key, "fingerprint": fingerprint, "task_ids": task_ids}
    if created := execute(CREATE_MANY_ONCE, **_many(user_id, new, task_ids), **claim):
        return _in_order(created), False
    rows = execute(REPLAY, user_id=user_id, key=key)
    number = 0
    for row in rows:
        if row.pop("fingerprint") != fingerprint:
            detail = "This Idempotency-Key was used for another request."
            raise Problem(422, detail, type=KEY_REUSED)
        number = row.pop("number")
    if not rows or rows[0]["id"] is None or len(rows) < number:
        detail = "What was created with this Idempotency-Key is deleted."
        raise Problem(410, detail, type=DELETED)
    return rows, True


def _many(
    user_id: UUID, new: Sequence[Mapping[str, Any]], task_ids: Sequence[UUID]
) -> dict[str, Any]:
    count = len(new)
    documents = [
        {**DEFAULTS, **task, "id": task_id, "following": count - number}
        for number, (task_id, task) in enumerate(zip(task_ids, new, strict=True), 1)
    ]
    return {"user_id": user_id, "count": count, "documents": orjson.dumps(documents).decode()}


def _in_order(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: row["revision"])
