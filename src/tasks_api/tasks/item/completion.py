"""Completing a task that recurs makes the next one: a statement of its own writes both."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from time import sleep
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, false, select, true
from sqlalchemy.dialects.postgresql import insert

from recurrence_rules.rule import Rule
from tasks_api.database.execution import execute
from tasks_api.database.statements import Row, Statement
from tasks_api.tasks.columns import TASK_COLUMNS, parameter_for
from tasks_api.tasks.counter import HOW_MANY, advance
from tasks_api.tasks.folding import folded
from tasks_api.tasks.item.members import COLUMNS, MEMBERS, new_task, update_one
from tasks_api.tasks.models import tasks

NEXT = {name: parameter_for(name, "next_") for name in ("id", "due_at", "due_on", "recurrence")}


def _complete() -> Statement:
    counter = advance(HOW_MANY)
    columns = {name: parameter_for(name) for name in COLUMNS}
    # Before that of the next task.
    revision = counter.c.revision - HOW_MANY + 1
    changes = {
        **columns,
        "completed_at": counter.c.written_at,
        "next_task_id": NEXT["id"],
        "revision": revision,
        "folded_revision": revision,
    }
    still = tasks.c.revision == bindparam("found", type_=tasks.c.revision.type)
    completed = (
        update_one(counter, changes, still)
        .returning(*TASK_COLUMNS, tasks.c.deleted_at, true().label("written"))
        .cte("completed")
    )
    values = new_task(counter, NEXT["id"], {**columns, **NEXT, "completed": false()})
    rows = (
        select(*values.values())
        .select_from(completed.join(counter, true()))
        .where(NEXT["id"].is_not(None))
    )
    # A device that was offline may have made it already.
    made = insert(tasks).from_select(list(values), rows)
    made = made.on_conflict_do_nothing(index_elements=[tasks.c.user_id, tasks.c.id])
    return Statement(select(completed).add_cte(made.cte("made")))


COMPLETE = _complete()


def complete(user_id: UUID, found: Row, changes: Mapping[str, Any]) -> Row | None:
    """Change and complete a task that recurs and was found open, and make the next one.

    Returns:
        The task; None if somebody else has written it meanwhile: nothing was done.

    Raises:
        ConstraintViolated: the task would break a rule of `constraints`.
    """
    task = {**found, **changes, "completed": True}
    following = next_task(task)
    rows = execute(
        COMPLETE,
        user_id=user_id,
        task_id=task["id"],
        found=task["revision"],
        count=1 + bool(following),
        **{name: task[name] for name in MEMBERS},
        **folded(task),
        **{f"next_{name}": following.get(name) for name in NEXT},
    )
    return rows[0] if rows else None


def next_task(task: Mapping[str, Any]) -> dict[str, Any]:
    """Return what differs in the task after one that is completed now; {} if none comes after it.

    Its members are as a request or an answer has them.
    """
    name = "due_at" if task["due_at"] else "due_on"
    if not task["recurrence"] or not task[name]:
        return {}
    # See `fields.Recurrence`.
    sleep(0)
    rule, zone = Rule(task["recurrence"]), ZoneInfo(task["time_zone"] or "UTC")
    # Python reads its own form of a moment too.
    read = datetime.fromisoformat if task["due_at"] else date.fromisoformat
    due = rule.next(read(str(task[name])), zone, datetime.now(UTC))
    if due is None or rule.count == 1:
        return {}
    return {
        "id": uuid5(UUID(str(task["id"])), "next"),
        name: due,
        "recurrence": re.sub("COUNT=[0-9]+", f"COUNT={rule.count - 1}", task["recurrence"]),
    }
