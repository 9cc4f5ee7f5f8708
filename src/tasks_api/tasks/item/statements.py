"""Reading and changing one task: one statement for each operation."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import ColumnElement, null, select, true

from tasks_api.database.execution import execute
from tasks_api.database.failures import ConstraintViolated
from tasks_api.database.statements import Row, Statement
from tasks_api.tasks.columns import LIVE, TASK_COLUMNS, TASK_ID, USER_ID, parameter_for
from tasks_api.tasks.constraints import refusal
from tasks_api.tasks.counter import advance
from tasks_api.tasks.folding import folded
from tasks_api.tasks.item.completion import complete
from tasks_api.tasks.item.members import Values, completion, makes_next, update_one
from tasks_api.tasks.models import tasks
from tasks_api.tasks.preconditions import ANYTHING, Precondition, allows


class Write:
    """An update of one task, with and without a precondition.

    Args:
        columns: returns what it sets, from the counter.
        conditions: what must be true beside the precondition.
        among: the tasks that it can find; any other is a 404.
    """

    def __init__(
        self,
        columns: Callable[[sa.CTE], Values],
        *conditions: ColumnElement[bool],
        among: ColumnElement[bool] = LIVE,
    ) -> None:
        def build(*conditions: ColumnElement[bool]) -> Statement:
            counter = advance()
            written = (tasks.c.revision == counter.c.revision).label("written")
            update = update_one(counter, columns(counter), among, *conditions)
            return Statement(update.returning(*TASK_COLUMNS, tasks.c.deleted_at, written))

        self._always = build(*conditions)
        self._conditionally = build(allows(tasks.c.revision), *conditions)

    def __call__(
        self, user_id: UUID, task_id: UUID, precondition: Precondition, **values: Any
    ) -> Row | None:
        """Return the task as it is afterwards, or None.

        `written` is false if the precondition, or a condition, didn't allow it.
        """
        values |= {"user_id": user_id, "task_id": task_id}
        if precondition == ANYTHING:
            rows = execute(self._always, **values)
        else:
            rows = execute(self._conditionally, **values, **vars(precondition))
        return rows[0] if rows else None


@cache
def write_of(names: frozenset[str]) -> Write:
    """Build what sets these members, or flips `completed` if there are none.

    What `makes_next` is not written.
    """
    changes: dict[str, ColumnElement[Any]] = {name: parameter_for(name) for name in sorted(names)}
    if names and "completed" not in names:
        return Write(lambda _: changes)
    completed = changes.pop("completed", ~tasks.c.completed)
    recurrence = changes.get("recurrence", tasks.c.recurrence)
    return Write(
        lambda counter: {**changes, **completion(completed, counter)},
        ~makes_next(completed, recurrence),
    )


GET = Statement(
    select(*TASK_COLUMNS).where(tasks.c.user_id == USER_ID, tasks.c.id == TASK_ID, LIVE)
)

toggle_task = write_of(frozenset())
delete_task = Write(lambda counter: {"deleted_at": counter.c.written_at})
# A task that isn't in the trash is not written.
restore_task = Write(lambda _: {"deleted_at": null()}, ~LIVE, among=true())


def get_task(user_id: UUID, task_id: UUID) -> Row | None:
    """Return a task, or None."""
    rows = execute(GET, user_id=user_id, task_id=task_id)
    return rows[0] if rows else None


def change_task(
    user_id: UUID, task_id: UUID, precondition: Precondition, changes: Mapping[str, Any]
) -> Row | None:
    """Set the members that `changes` names, or flip `completed` if it names none; see `Write`.

    Raises:
        Problem: 422, the task would break a rule of `constraints`.
    """
    columns = {**changes, **folded(changes)}
    write = write_of(frozenset(columns)) if columns else toggle_task
    try:
        while True:
            task = write(user_id, task_id, precondition, **columns)
            if task is None or task["written"] or not precondition.allows(task["revision"]):
                return task
            # It recurs. If somebody else writes it meanwhile, it is tried again.
            if task := complete(user_id, task, changes):
                return task
    except ConstraintViolated as error:
        raise refusal(error, changes) from None
