"""The three-way merge of what a device has changed: one statement, which reads, decides and writes.

It compares three values of each member that the device has set: what it was on the device before,
what it is set to, and what it is now.
"""

from contextlib import suppress
from http import HTTPStatus
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import ColumnElement, bindparam, case, func, null, select, true
from sqlalchemy.dialects.postgresql import ARRAY, array, insert

from tasks_api.database.execution import execute
from tasks_api.database.statements import Row, Statement
from tasks_api.http.problems import Problem
from tasks_api.tasks.changes.push_schemas import Change
from tasks_api.tasks.columns import LIVE, TASK_COLUMNS, TASK_ID, USER_ID, parameter_for
from tasks_api.tasks.counter import start_or_advance
from tasks_api.tasks.folding import folded
from tasks_api.tasks.item import members
from tasks_api.tasks.item.completion import complete
from tasks_api.tasks.item.creation import create_tasks
from tasks_api.tasks.item.members import COLUMNS, DEFAULTS, MEMBERS
from tasks_api.tasks.models import tasks, users

NAMES = ARRAY(sa.Text)
NOTHING = sa.literal_column("'{}'::text[]", NAMES)
# The members that are set, and those of them that are compared with what they were.
GIVEN = bindparam("given", type_=NAMES)
COMPARED = bindparam("compared", type_=NAMES)
SET = {name: parameter_for(name) for name in COLUMNS}
WAS = {name: parameter_for(name, "was_") for name in MEMBERS}
# Whether the task is to be in the trash, or out of it; null: it stays where it is.
DELETED = bindparam("deleted", type_=sa.Boolean)
NEW = bindparam("new", type_=sa.Boolean)


def _text(name: str) -> ColumnElement[str]:
    return sa.literal_column(f"'{name}'", sa.Text)


def _is_among(name: str, names: ColumnElement[Any]) -> ColumnElement[bool]:
    return _text(name) == sa.any_(names)


DIFFERS = {
    name: _is_among(name, GIVEN) & tasks.c[name].is_distinct_from(SET[name]) for name in MEMBERS
}
CONFLICTS = {
    name: DIFFERS[name] & _is_among(name, COMPARED) & tasks.c[name].is_distinct_from(WAS[name])
    for name in MEMBERS
}
MERGED: dict[str, ColumnElement[Any]] = {
    name: case((_is_among(name.removesuffix("_folded"), GIVEN), SET[name]), else_=tasks.c[name])
    for name in COLUMNS
}
# The task is as it is to be.
DONE = ~sa.or_(*DIFFERS.values()) & (func.coalesce(DELETED, sa.false()) != LIVE)
MAY_BE_WRITTEN = ~DONE & ~sa.or_(*CONFLICTS.values()) & (LIVE | DELETED.is_not(None))
# It is completed by a statement of its own.
RECURS = members.makes_next(MERGED["completed"], MERGED["recurrence"])


def _merge() -> Statement:
    conflicts = array([case((found, _text(name))) for name, found in CONFLICTS.items()])
    present = (
        select(
            *TASK_COLUMNS,
            tasks.c.deleted_at,
            DONE.label("done"),
            (MAY_BE_WRITTEN & ~RECURS).label("writable"),
            (MAY_BE_WRITTEN & RECURS).label("recurs"),
            func.array_remove(conflicts, null(), type_=NAMES).label("conflicts"),
        )
        .where(tasks.c.user_id == USER_ID, tasks.c.id == TASK_ID)
        .cte("present")
    )
    exists = select(present.c.id).exists()
    writable = select(present.c.id).where(present.c.writable).exists()
    # One row if there is something to write.
    wanted = select(true().label("wanted")).where(writable | NEW & ~exists).cte("wanted")
    counter = start_or_advance(wanted)
    values = {
        **members.new_task(counter, TASK_ID, SET),
        "deleted_at": case((DELETED, counter.c.written_at)),
    }
    made = (
        insert(tasks)
        .from_select(list(values), select(*values.values()).where(~exists))
        .returning(*TASK_COLUMNS, tasks.c.deleted_at)
        .cte("made")
    )
    merged = {**MERGED, **members.completion(MERGED["completed"], counter)}
    # Otherwise it is out of the trash, or was never in it.
    merged["deleted_at"] = case((DELETED, func.coalesce(tasks.c.deleted_at, counter.c.written_at)))
    # Decided again, on what the user's other writes have left while this one waited.
    changed = (
        members.update_one(counter, merged, MAY_BE_WRITTEN & ~RECURS)
        .returning(*TASK_COLUMNS, tasks.c.deleted_at)
        .cte("changed")
    )
    as_it_is = [column for name, column in present.c.items() if name in made.c]
    result = sa.union_all(
        select(
            made,
            true().label("done"),
            NOTHING.label("conflicts"),
            true().label("made"),
            sa.false().label("recurs"),
        ),
        select(changed, true(), NOTHING, sa.false(), sa.false()),
        select(*as_it_is, present.c.done, present.c.conflicts, sa.false(), present.c.recurs).where(
            ~select(counter.c.id).exists()
        ),
    ).subquery("result")
    taken = select(counter.c.revision).scalar_subquery()
    known = select(users.c.revision).where(users.c.id == USER_ID).scalar_subquery()
    # One row in any case.
    one = select(taken.label("taken"), func.coalesce(taken, known, 0).label("counter")).subquery()
    return Statement(select(one, result).select_from(one.outerjoin(result, true())))


MERGE = _merge()
BLANK: dict[str, Any] = {"title": None, **DEFAULTS}
# No task has this id.
NIL = UUID(int=0)


def merge(user_id: UUID, change: Change) -> Row:
    """Change a task as a device has changed it, unless somebody else has changed the same.

    Returns:
        The task as it is now, or None in the place of each member if there is none; and
        `deleted_at`; `done`, whether it is as it is to be; `made`, whether it was made for this;
        `conflicts`, the members that are neither as they were nor as they are to be; `counter`, the
        user's.
    """
    given, new = change.given, change.was is None
    # What the device has made can only be there already, as it is to be.
    was = given if change.was is None else change.was
    if not new:
        # A member that is set to what it was is not changed.
        given = {name: to for name, to in given.items() if name not in was or was[name] != to}
    parameters = {
        "user_id": user_id,
        "task_id": change.id or NIL,
        "count": 1,
        "given": list(given),
        "compared": [name for name in given if name in was],
        "deleted": change.deleted,
        "new": new,
        **BLANK,
        **given,
        **folded({**BLANK, **given}),
        **{f"was_{name}": was.get(name) for name in MEMBERS},
    }
    made = False
    if new and given.get("completed") and given.get("recurrence"):
        # If it is in the trash, this is told below.
        with suppress(Problem):
            made = create_tasks(user_id, {**given, "id": change.id}).status == HTTPStatus.CREATED
    while True:
        [row] = execute(MERGE, **parameters)
        row["made"] = made or row["made"]
        if row.pop("recurs"):
            complete(user_id, row, given)
            continue
        # It took a value of the counter, and then there was nothing to write any more: the task has
        # changed while it waited.
        if row.pop("taken") is None or row["done"]:
            return row
