"""Many tasks of a user, over HTTP: lists, batches, clearing."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import request

from tasks_api.http.cursors import CursorError
from tasks_api.http.entity_tags import matches
from tasks_api.http.links import link_header
from tasks_api.http.problems import Problem, responses
from tasks_api.tasks import creation, removal
from tasks_api.tasks.blueprint import TASKS, blueprint
from tasks_api.tasks.entity_tags import IfNoneMatchSchema, PreconditionSchema
from tasks_api.tasks.list_schemas import (
    CLEARED_EXAMPLE,
    ClearedSchema,
    ClearQuerySchema,
    TaskQuerySchema,
)
from tasks_api.tasks.listing import Page, list_tasks
from tasks_api.tasks.preconditions import Precondition
from tasks_api.tasks.responses import (
    CREATE_ERRORS,
    ETAG,
    NOT_MODIFIED,
    READ_ERRORS,
    REPLAYED,
    entity_tag,
    precondition_failed,
    without_body,
)
from tasks_api.tasks.schemas import (
    BATCH_MAX,
    NEW_TASK_EXAMPLE,
    TASK_EXAMPLE,
    IdempotencyKeySchema,
    NewTaskSchema,
    TaskSchema,
)

LINK = {
    "Link": {
        "description": "RFC 8288: `first`, `next` where there is more, `prev` where offsets are "
        "used. `next` goes on by a cursor, unless the request used `offset`.",
        "schema": {"type": "string"},
        "example": '</api/6f1d6a3e-52a4-4a8e-9a57-0d2c8f0b7e11/tasks?limit=50>; rel="first"',
    },
    "X-Total-Count": {
        "description": "How many tasks the filters match, where `count=true` asked for it.",
        "schema": {"type": "integer"},
    },
}
BATCH = {
    "type": "array",
    "items": {"$ref": "#/components/schemas/NewTask"},
    "minItems": 1,
    "maxItems": BATCH_MAX,
}
TASKS_SCHEMA = TaskSchema(many=True)


@blueprint.route(TASKS)
@blueprint.arguments(IfNoneMatchSchema(), location="headers")
@blueprint.arguments(TaskQuerySchema(), location="query")
@blueprint.response(
    200,
    TASKS_SCHEMA,
    description="A page of tasks.",
    headers=ETAG | LINK,
    example=[TASK_EXAMPLE],
)
@blueprint.doc(operationId="listTasks", responses=responses(*READ_ERRORS) | {304: NOT_MODIFIED})
def get_tasks(headers: dict[str, Any], query: dict[str, Any], user_id: UUID) -> Any:
    """List tasks, newest first

    A user who has never written has an empty list. To read all tasks, follow `next` in
    `Link`: a task that exists all the while is listed exactly once.
    """
    if "cursor" in query and "offset" in query:
        raise _bad_parameter("cursor", "Must not be used together with offset.")
    try:
        page = list_tasks(user_id, query, headers["known"])
    except CursorError:
        raise _bad_parameter("cursor", "Not a cursor of this list.") from None
    about = {"ETag": entity_tag(page.revision)}
    if matches(page.revision, headers["known"]):
        return without_body(304, **about)
    about["Link"] = _link(query, page)
    if page.total is not None:
        about["X-Total-Count"] = str(page.total)
    return page.tasks, about


def _link(query: dict[str, Any], page: Page) -> str:
    filters = {
        name: value for name, value in request.args.items() if name not in {"cursor", "offset"}
    }
    places: dict[str, dict[str, Any]] = {"first": {}}
    offset, limit = query.get("offset"), query["limit"]
    if page.next_cursor:
        places["next"] = (
            {"cursor": page.next_cursor} if offset is None else {"offset": offset + limit}
        )
    if offset:
        places["prev"] = {"offset": max(0, offset - limit)}
    return link_header(
        {
            relation: f"{request.path}{'?' if filters or place else ''}{urlencode(filters | place)}"
            for relation, place in places.items()
        }
    )


def _bad_parameter(name: str, detail: str) -> Problem:
    return Problem(422, detail, errors=[{"detail": detail, "parameter": name}])


@blueprint.route(f"{TASKS}/batch", methods=["POST"])
@blueprint.arguments(IdempotencyKeySchema(), location="headers")
@blueprint.arguments(NewTaskSchema(many=True), example=[NEW_TASK_EXAMPLE])
@blueprint.response(
    201,
    TASKS_SCHEMA,
    description="The tasks as they were made, in the order given.",
    headers=REPLAYED,
    example=[TASK_EXAMPLE],
)
@blueprint.doc(
    operationId="createTasks",
    responses=responses(*CREATE_ERRORS),
    requestBody={"content": {"application/json": {"schema": BATCH}}},
)
def create_tasks(idempotency: dict[str, Any], tasks: list[dict[str, Any]], user_id: UUID) -> Any:
    """Create many tasks, all or none

    Each has a revision of its own, in the order given. With an `Idempotency-Key`, a repeat returns
    the tasks that the first request created.
    """
    if idempotency["key"] is None:
        return creation.create_tasks(user_id, tasks)
    rows, replayed = creation.create_once(user_id, idempotency["key"], tasks, request=tasks)
    return rows, {"Idempotency-Replayed": "true"} if replayed else {}


@blueprint.route(TASKS, methods=["DELETE"])
@blueprint.arguments(PreconditionSchema(), location="headers")
@blueprint.arguments(ClearQuerySchema(), location="query")
@blueprint.response(200, ClearedSchema(), description="Done.", example=CLEARED_EXAMPLE)
@blueprint.doc(operationId="clearCompletedTasks", responses=responses(412, *READ_ERRORS))
def clear_completed(headers: dict[str, Any], _query: dict[str, Any], user_id: UUID) -> Any:
    """Delete the completed tasks

    They move to the trash, those that changed longest ago first. One request deletes at most 10,000
    tasks. The entity tags are those of the list.
    """
    try:
        deleted, has_more = removal.clear_completed(user_id, Precondition(**headers))
    except removal.PreconditionFailed as error:
        raise precondition_failed("list", error.revision) from None
    return {"deleted": deleted, "has_more": has_more}
