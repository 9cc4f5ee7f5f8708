"""The members of a new task, and of the next one after a task that recurs."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from time import sleep
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import ColumnElement, case

from recurrence_rules.rule import Rule
from tasks_api.tasks.folding import FOLDED

DEFAULTS: dict[str, Any] = {
    "description": None,
    "completed": False,
    "due_at": None,
    "due_on": None,
    "time_zone": None,
    "recurrence": None,
    "priority": "none",
    "tags": [],
    "position": None,
}
MEMBERS = ("title", *DEFAULTS)
COLUMNS = (*MEMBERS, *FOLDED)


def new_task(
    counter: sa.CTE, task_id: ColumnElement[UUID], columns: Mapping[str, ColumnElement[Any]]
) -> dict[str, ColumnElement[Any]]:
    """Return the columns of a new task, from the counter and those of what a client sets."""
    return {
        "user_id": counter.c.id,
        "id": task_id,
        **columns,
        "revision": counter.c.revision,
        "folded_revision": counter.c.revision,
        "created_at": counter.c.written_at,
        "updated_at": counter.c.written_at,
        "completed_at": case((columns["completed"], counter.c.written_at)),
    }


def next_task(task: Mapping[str, Any]) -> dict[str, Any]:
    """Return what differs in the task after one that is completed now; {} if none comes after it.

    Args:
        task: its members are as a request or an answer has them.
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
