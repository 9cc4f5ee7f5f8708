"""Making tasks: one, many at once, and once however often it is asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy import bindparam, case, func, select, true
from sqlalchemy.dialects.postgresql import insert

from tasks_api.database.engine import execute
from tasks_api.http.problems import Problem
from tasks_api.tasks import counter as counters
from tasks_api.tasks.counter import COLUMNS, LIVE, TASK, USER, new, tasks
from tasks_api.tasks.models import PRIORITIES, IdempotencyKey, uuid7

keys: Any = IdempotencyKey.__table__

DEFAULTS: dict[str, Any] = {
    "description": None,
    "completed": False,
    "due_at": None,
    "priority": "none",
    "tags": [],
}
GIVEN = ("title", *DEFAULTS)
KEY = bindparam("idempotency", type_=sa.Text)


def _create() -> sa.Executable:
    counter = counters.made()
    values = {
        "user_id": counter.c.id,
        "id": TASK,
        **{name: new(name) for name in GIVEN},
        "revision": counter.c.revision,
        "created_at": counter.c.written_at,
        "updated_at": counter.c.written_at,
        "completed_at": case((new("completed"), counter.c.written_at)),
    }
    return insert(tasks).from_select(list(values), select(*values.values())).returning(*COLUMNS)


def _create_many(claim: sa.CTE | None = None) -> sa.Executable:
    counter = counters.made(claim)
    types: dict[str, Any] = {name: tasks.c[name].type for name in ("id", *GIVEN)}
    types |= {"priority": sa.SmallInteger(), "following": sa.BigInteger()}
    given = (
        func.json_to_recordset(bindparam("tasks", type_=sa.Text).cast(sa.JSON))
        .table_valued(*(sa.column(name, kind) for name, kind in types.items()))
        .render_derived("given", with_types=True)
    )
    values = {
        "user_id": counter.c.id,
        **{name: given.c[name] for name in ("id", *GIVEN)},
        # The counter has the revision of the last one.
        "revision": counter.c.revision - given.c.following,
        "created_at": counter.c.written_at,
        "updated_at": counter.c.written_at,
        "completed_at": case((given.c.completed, counter.c.written_at)),
    }
    rows = select(*values.values()).select_from(counter.join(given, true()))
    return insert(tasks).from_select(list(values), rows).returning(*COLUMNS)


# This comes first of all, so that a repeat waits here, and then takes no revision.
CLAIM = (
    insert(keys)
    .values(
        user_id=USER,
        key=KEY,
        fingerprint=bindparam("asked", type_=sa.Text),
        task_ids=bindparam("ids", type_=keys.c.task_ids.type),
    )
    .on_conflict_do_nothing()
    .returning(keys.c.user_id)
    .cte("claim")
)
CREATE = _create()
CREATE_MANY = _create_many()
CREATE_MANY_ONCE = _create_many(CLAIM)
REPLAY = (
    select(keys.c.fingerprint, func.cardinality(keys.c.task_ids).label("made"), *COLUMNS)
    .select_from(
        keys.outerjoin(
            tasks, sa.and_(tasks.c.user_id == USER, tasks.c.id == sa.any_(keys.c.task_ids), LIVE)
        )
    )
    .where(keys.c.user_id == USER, keys.c.key == KEY)
    .order_by(func.array_position(keys.c.task_ids, tasks.c.id))
)


def create_task(user_id: UUID, task: Mapping[str, Any]) -> sa.Row[Any]:
    """Make a task, and with the first one the user; give its row."""
    given = {f"new_{name}": value for name, value in (DEFAULTS | dict(task)).items()}
    [row] = execute(CREATE, {"user": user_id, "task": uuid7(), "count": 1, **given})
    return row


def create_tasks(user_id: UUID, given: Sequence[Mapping[str, Any]]) -> Sequence[sa.Row[Any]]:
    """Make tasks, all or none; give their rows in the order given."""
    return _in_order(execute(CREATE_MANY, _many(user_id, given, [uuid7() for _ in given])))


def create_once(
    user_id: UUID, key: str, given: Sequence[Mapping[str, Any]], request: Any
) -> tuple[Sequence[sa.Row[Any]], bool]:
    """Make tasks, unless this key has made them already.

    Args:
        request: what is asked for, which tells a repeat from another use of the same key.

    Returns:
        Their rows in the order given, and whether this is a repeat.

    Raises:
        Problem: 422, the key was used for another request; 410, what it made is deleted.
    """
    asked = hashlib.sha256(orjson.dumps(request, option=orjson.OPT_SORT_KEYS)).hexdigest()
    ids = [uuid7() for _ in given]
    claim = {"idempotency": key, "asked": asked, "ids": ids}
    rows = execute(CREATE_MANY_ONCE, _many(user_id, given, ids) | claim)
    if rows:
        return _in_order(rows), False
    rows = execute(REPLAY, {"user": user_id, "idempotency": key})
    if rows and rows[0].fingerprint != asked:
        raise Problem(422, "This Idempotency-Key was used for another request.")
    if not rows or rows[0].id is None or len(rows) < rows[0].made:
        raise Problem(410, "What this Idempotency-Key has made is deleted.")
    return rows, True


def _many(user_id: UUID, given: Sequence[Mapping[str, Any]], ids: Sequence[UUID]) -> dict[str, Any]:
    count = len(given)
    documents = [
        {
            **DEFAULTS,
            **task,
            "id": id_,
            "priority": PRIORITIES.index(task.get("priority", "none")),
            "following": count - number,
        }
        for number, (id_, task) in enumerate(zip(ids, given, strict=True), 1)
    ]
    return {"user": user_id, "count": count, "tasks": orjson.dumps(documents).decode()}


def _in_order(rows: Sequence[sa.Row[Any]]) -> Sequence[sa.Row[Any]]:
    return sorted(rows, key=lambda row: row.revision)
