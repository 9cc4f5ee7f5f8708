"""A push: what a device has changed offline is merged, each change by itself."""

import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tasks_api.database.execution import time_limit
from tasks_api.database.failures import ConstraintViolated, DatabaseUnavailable
from tasks_api.database.statements import Row
from tasks_api.http.parser import list_errors
from tasks_api.tasks.blueprint import USER_PATH, blueprint
from tasks_api.tasks.changes.merge import merge
from tasks_api.tasks.changes.push_schemas import (
    CONFLICT,
    PUSH_EXAMPLE,
    PUSHED_EXAMPLE,
    Change,
    PushedSchema,
    PushSchema,
)
from tasks_api.tasks.constraints import broken_rule
from tasks_api.tasks.preconditions import NO_TASK
from tasks_api.tasks.replies import IN_TRASH, WRITE_ERRORS
from tasks_api.tasks.schemas import tombstone

LATE = "The database could not do it in time: send this change again."


@blueprint.route(f"{USER_PATH}/changes", methods=["POST"])
@blueprint.arguments(PushSchema(), example=PUSH_EXAMPLE)
@blueprint.response(
    200, PushedSchema(), description="What has come of each change.", example=PUSHED_EXAMPLE
)
@blueprint.doc(operationId="pushChanges", responses=WRITE_ERRORS)
def push_changes(body: dict[str, Any], user_id: UUID) -> Any:
    """Push what was changed offline

    Each change is merged by itself, in the order given: a member is set if it is now what it `was`
    on the device, or what it is `set` to already. If it is neither, nothing of this change is done,
    and its result is a 409. Members that `set` doesn't have are never compared, nor those that it
    has as they were: you may send whole tasks. A change that can't be done doesn't hold up the
    others. Each result has the task as it is now. You can repeat the whole request if its answer
    was lost.
    """
    return push(user_id, body["changes"])


def push(user_id: UUID, changes: Sequence[Change]) -> dict[str, Any]:
    """Merge changes, one after the other; return their results and the user's counter.

    Together they have the time of one statement. A change that has not had its turn by then, or
    before the database became unavailable, has a 503 in its result. What was done stays done.

    Raises:
        DatabaseUnavailable: the first change could not be done.
    """
    end = time.monotonic() + time_limit()
    results: list[Row] = []
    revision = 0
    for number, change in enumerate(changes):
        if time.monotonic() > end:
            break
        try:
            merged, row = _merge(user_id, number, change)
        except DatabaseUnavailable:
            if not results:
                raise
            break
        revision = row.pop("counter")
        results.append(_result(number, merged, row))
    for number in range(len(results), len(changes)):
        late = {"id": changes[number].id, "status": 503, "errors": _errors(number, LATE, ())}
        results.append(late)
    return {"results": results, "revision": revision}


def _merge(user_id: UUID, number: int, change: Change) -> tuple[Change, Row]:
    """Merge a change; if it would break a rule of `constraints`, it has that error instead."""
    try:
        return change, merge(user_id, change)
    except ConstraintViolated as error:
        broken = broken_rule(error, change.given).items()
        places = [(("changes", number, "set", name), detail) for name, detail in broken]
        change = Change(change.id, errors=list_errors("pointer", places))
        return change, merge(user_id, change)


def _result(number: int, change: Change, row: Row) -> Row:
    """Return the result of a change, with the task as `merge` has left it."""
    done, made, conflicts, deleted_at = map(row.pop, ("done", "made", "conflicts", "deleted_at"))
    status, errors = 200, change.errors
    if errors:
        status = 422
    elif made:
        status = 201
    elif row["id"] is None:
        status, errors = 404, _errors(number, NO_TASK, ("id",))
    elif deleted_at and change.deleted is None:
        status, errors = 410, _errors(number, IN_TRASH, ("id",))
    elif not done:
        status, errors = 409, _errors(number, CONFLICT, *(("set", name) for name in conflicts))
    result: Row = {"id": change.id, "status": status}
    if row["id"] is not None:
        result |= {"tombstone": tombstone(row)} if deleted_at else {"task": row}
    if errors:
        result["errors"] = errors
    return result


def _errors(number: int, detail: str, *places: tuple[str, ...]) -> list[dict[str, str]]:
    """Write the same error at some places in a change."""
    return list_errors("pointer", [(("changes", number, *place), detail) for place in places])
