"""Creating tasks: under ids of the client's or the service's, once for each Idempotency-Key."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import bindparam, func, literal, select, true
from sqlalchemy.dialects.postgresql import ARRAY, insert

from tasks_api.database.execution import execute
from tasks_api.database.statements import Row, Statement
from tasks_api.http.parser import list_errors
from tasks_api.http.problems import Problem
from tasks_api.tasks.columns import TASK_COLUMNS, TASK_ID, USER_ID, parameter_for, rank
from tasks_api.tasks.counter import start_or_advance
from tasks_api.tasks.folding import as_recordset, folded
from tasks_api.tasks.item.completion import next_task
from tasks_api.tasks.item.idempotency import REPLAY, claim, fingerprint_of, replayed
from tasks_api.tasks.item.members import COLUMNS, DEFAULTS, new_task
from tasks_api.tasks.models import tasks
from tasks_api.tasks.replies import IN_TRASH, TASK_DELETED
from tasks_api.tasks.schemas import tombstone

if sys.version_info >= (3, 14):
    from uuid import uuid7
else:
    from uuid_utils.compat import uuid7

# The ids that the client has chosen: tasks may have them already.
CHOSEN = bindparam("chosen", type_=ARRAY(tasks.c.id.type))
# The ids of the next tasks, after those that are created completed: devices may have made them.
NEXT = bindparam("next", type_=ARRAY(tasks.c.id.type))


def _create() -> Statement:
    values = new_task(start_or_advance(), TASK_ID, {name: parameter_for(name) for name in COLUMNS})
    return Statement(
        insert(tasks).from_select(list(values), select(*values.values())).returning(*TASK_COLUMNS)
    )


def _create_many(*, once: bool) -> Statement:
    existing = (
        select(*TASK_COLUMNS, tasks.c.deleted_at)
        .where(tasks.c.user_id == USER_ID, tasks.c.id == sa.any_(CHOSEN))
        .cte("existing")
    )
    live = func.coalesce(func.bool_and(existing.c.deleted_at.is_(None)), true())
    # One row if there is a task to be made, and none of the others is in the trash.
    wanted = (
        select(literal(1)).select_from(existing).having(func.count() < bindparam("number"), live)
    )
    source = claim(wanted.cte("wanted")) if once else wanted.cte("wanted")
    counter = start_or_advance(source)
    types: dict[str, sa.types.TypeEngine[Any]] = {
        name: tasks.c[name].type for name in ("id", *COLUMNS, "next_task_id")
    }
    types |= {"priority": sa.Text(), "following": sa.BigInteger(), "with": tasks.c.id.type}
    documents = (
        func.json_to_recordset(bindparam("documents", type_=sa.Text).cast(sa.JSON))
        .table_valued(*(sa.column(name, kind) for name, kind in types.items()))
        .render_derived("documents", with_types=True)
    )
    members = {
        **{name: documents.c[name] for name in COLUMNS},
        "priority": rank(documents.c.priority),
    }
    values = new_task(counter, documents.c.id, members)
    # The counter has the revision of the last task.
    revision = counter.c.revision - documents.c.following
    values |= {"revision": revision, "folded_revision": revision}
    values["next_task_id"] = documents.c.next_task_id
    taken = select(tasks.c.id).where(tasks.c.user_id == USER_ID, tasks.c.id == sa.any_(NEXT))
    rows = (
        select(*values.values())
        .select_from(counter.join(documents, true()))
        .where(documents.c["with"].not_in(select(existing.c.id)), documents.c.id.not_in(taken))
    )
    made = (
        insert(tasks)
        .from_select(list(values), rows)
        .returning(*TASK_COLUMNS, tasks.c.deleted_at)
        .cte("made")
    )
    return Statement(
        sa.union_all(select(made, true().label("made")), select(existing, sa.false().label("made")))
    )


CREATE = _create()
CREATE_MANY = _create_many(once=False)
CREATE_MANY_ONCE = _create_many(once=True)


@dataclass(frozen=True)
class Creation:
    """What a request to create tasks has come to."""

    tasks: Sequence[Row]  # In the order given.
    status: int = 201  # 200 if all of them were there already.
    replayed: bool = False  # It repeats one with the same Idempotency-Key.

    @property
    def headers(self) -> dict[str, str]:
        """What the answer says about a repeat."""
        return {"Idempotency-Replayed": "true"} if self.replayed else {}


def create_task(user_id: UUID, task: Mapping[str, Any]) -> Row:
    """Create a task under an id of the service's, and the user with their first one."""
    columns = {**DEFAULTS, **task} | folded({**DEFAULTS, **task})
    [row] = execute(CREATE, user_id=user_id, task_id=uuid7(), count=1, **columns)
    return row


def create_tasks(user_id: UUID, body: Any, key: str | None = None) -> Creation:
    """Create a task, or many: all or none. Those that exist already stay as they are.

    Args:
        body: a task, or a list of tasks.
        key: an Idempotency-Key: unless an earlier request with it has created the tasks.

    Raises:
        Problem: 410, one of them is in the trash, or what the key has created is; 422, the key was
            used for another request.
    """
    new = body if isinstance(body, list) else [body]
    ids = [task.get("id") or uuid7() for task in new]
    documents: list[dict[str, Any]] = []
    for task_id, task in zip(ids, new, strict=True):
        made = {**DEFAULTS, **task, **folded(task), "id": task_id, "with": task_id}
        following = next_task(made) if made["completed"] else {}
        documents.append({**made, "next_task_id": following.get("id")})
        if following and following["id"] not in ids:
            documents.append({**made, **following, "completed": False})
    for number, document in enumerate(reversed(documents)):
        document["following"] = number
    parameters = {
        "user_id": user_id,
        "count": len(documents),
        "number": len(new),
        "documents": as_recordset(documents),
        "chosen": [task["id"] for task in new if "id" in task],
        "next": [document["id"] for document in documents if document["id"] != document["with"]],
    }
    if key is None:
        return _created(execute(CREATE_MANY, **parameters), ids, body)
    fingerprint = fingerprint_of(body)
    claims = {"key": key, "fingerprint": fingerprint, "task_ids": ids}
    rows = execute(CREATE_MANY_ONCE, **parameters, **claims)
    if not any(row["made"] for row in rows):
        repeated = execute(REPLAY, user_id=user_id, key=key)
        if repeated or not rows:
            return Creation(replayed(repeated, fingerprint), replayed=True)
    return _created(rows, ids, body)


def _created(rows: list[Row], ids: Sequence[UUID], body: Any) -> Creation:
    places = {str(task_id): number for number, task_id in enumerate(ids)}
    rows = sorted((row for row in rows if row["id"] in places), key=lambda row: places[row["id"]])
    made = [row.pop("made") for row in rows]
    in_trash = [row for row in rows if row.pop("deleted_at")]
    if in_trash:
        many = isinstance(body, list)
        found = [((places[row["id"]], "id") if many else ("id",), IN_TRASH) for row in in_trash]
        raise Problem(
            410,
            "What is to be created was created before, and is in the trash; nothing was done.",
            errors=list_errors("pointer", found),
            type=TASK_DELETED,
            tombstone=tombstone(in_trash[0]),
        )
    return Creation(rows, 201 if any(made) else 200)
