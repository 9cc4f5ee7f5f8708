"""One task, over HTTP: the decorators are the contract, the bodies are one call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, url_for

from tasks_api.http.entity_tags import IfNoneMatchSchema, PreconditionSchema, entity_tag, matches
from tasks_api.http.problems import Problem, responses
from tasks_api.http.smorest import Blueprint
from tasks_api.tasks import creation, queries
from tasks_api.tasks.answers import (
    CREATE_ERRORS,
    ETAG,
    LOCATION,
    MERGE_PATCH,
    NOT_MODIFIED,
    READ_ERRORS,
    REPLAYED,
    WRITE_ERRORS,
    bare,
    links_to,
    precondition_failed,
    tagged,
    task_or_404,
    written_or_412,
)
from tasks_api.tasks.schemas import (
    NEW_TASK_EXAMPLE,
    TASK_EXAMPLE,
    CompletionSchema,
    IdempotencyKeySchema,
    NewTaskSchema,
    TaskChangeSchema,
    TaskSchema,
)

TASKS = "/<uuid:user_id>/tasks"
TASK = f"{TASKS}/<uuid:task_id>"

LINKS = links_to("getTask", "updateTask", "patchTask", "completeTask", "deleteTask")

blueprint = Blueprint("tasks", __name__, url_prefix="/api", description="The tasks of a user.")


@blueprint.after_request
def let_nobody_keep_it(response: Response) -> Response:
    """Have caches ask again each time, and keep users apart (RFC 9111, section 5.2.2)."""
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers.add("Vary", "Authorization")
    return response


@blueprint.route(TASKS, methods=["POST"])
@blueprint.arguments(IdempotencyKeySchema(), location="headers")
@blueprint.arguments(NewTaskSchema(), example=NEW_TASK_EXAMPLE)
@blueprint.response(
    201,
    TaskSchema(),
    description="The task as it was made.",
    headers=ETAG | LOCATION | REPLAYED,
    example=TASK_EXAMPLE,
)
@blueprint.doc(
    operationId="createTask",
    responses=responses(*CREATE_ERRORS) | {201: {"links": LINKS}},
)
def create_task(idempotency: dict[str, Any], task: dict[str, Any], user_id: UUID) -> Any:
    """Create a task

    The first task of a user makes the user. With an `Idempotency-Key`, a repeat answers with the
    task that the first request made.
    """
    key, replayed = idempotency["key"], False
    if key is None:
        row = creation.create_task(user_id, task)
    else:
        [row], replayed = creation.create_once(user_id, key, [task], request=task)
    headers = {
        "ETag": entity_tag(row.revision),
        "Location": url_for("tasks.get_task", user_id=user_id, task_id=row.id),
    }
    return row, headers | ({"Idempotency-Replayed": "true"} if replayed else {})


@blueprint.route(TASK)
@blueprint.arguments(IfNoneMatchSchema(), location="headers")
@blueprint.response(200, TaskSchema(), description="The task.", headers=ETAG, example=TASK_EXAMPLE)
@blueprint.doc(operationId="getTask", responses=responses(*READ_ERRORS) | {304: NOT_MODIFIED})
def get_task(copy: dict[str, Any], user_id: UUID, task_id: UUID) -> Any:
    """Get a task

    A task that never was, one that is deleted and one of another user are the same 404.
    """
    row = task_or_404(queries.get_task(user_id, task_id))
    if matches(row.revision, copy["known"]):
        return bare(304, ETag=entity_tag(row.revision))
    return tagged(row)


def _change(
    user_id: UUID, task_id: UUID, precondition: Mapping[str, Any], changes: Mapping[str, Any]
) -> Any:
    if changes:
        return tagged(written_or_412(queries.change_task(user_id, task_id, precondition, changes)))
    row = task_or_404(queries.get_task(user_id, task_id))
    if not matches(row.revision, precondition["expected"]) or matches(
        row.revision, precondition["unless"]
    ):
        raise precondition_failed(row)
    return tagged(row)


@blueprint.route(TASK, methods=["PUT"])
@blueprint.arguments(PreconditionSchema(), location="headers")
@blueprint.arguments(TaskChangeSchema(), example={"title": "Buy oat milk, four cartons"})
@blueprint.response(
    200, TaskSchema(), description="The task as it is now.", headers=ETAG, example=TASK_EXAMPLE
)
@blueprint.doc(operationId="updateTask", responses=responses(*WRITE_ERRORS))
def update_task(
    precondition: dict[str, Any], changes: dict[str, Any], user_id: UUID, task_id: UUID
) -> Any:
    """Update a task

    Members that are present are set, members that are absent keep their values; `null` clears a
    member that can be null. `{}` changes nothing, not even the revision.
    """
    return _change(user_id, task_id, precondition, changes)


@blueprint.route(TASK, methods=["PATCH"])
@blueprint.arguments(PreconditionSchema(), location="headers")
@blueprint.arguments(TaskChangeSchema(), example={"description": None})
@blueprint.response(
    200, TaskSchema(), description="The task as it is now.", headers=ETAG, example=TASK_EXAMPLE
)
@blueprint.doc(operationId="patchTask", responses=responses(*WRITE_ERRORS), requestBody=MERGE_PATCH)
def patch_task(
    precondition: dict[str, Any], changes: dict[str, Any], user_id: UUID, task_id: UUID
) -> Any:
    """Patch a task

    A JSON merge patch (RFC 7396). PUT does the same.
    """
    return _change(user_id, task_id, precondition, changes)


@blueprint.route(TASK, methods=["DELETE"])
@blueprint.arguments(PreconditionSchema(), location="headers")
@blueprint.response(204, description="It is in the trash.")
@blueprint.doc(operationId="deleteTask", responses=responses(400, 404, 412, 422, 500, 503))
def delete_task(precondition: dict[str, Any], user_id: UUID, task_id: UUID) -> Any:
    """Delete a task

    It goes to the trash: gone from every list, a 404 by its id, until it is restored or purged.
    """
    written_or_412(queries.delete_task(user_id, task_id, precondition))
    return bare(204)


@blueprint.route(f"{TASK}/complete", methods=["PATCH"])
@blueprint.arguments(PreconditionSchema(), location="headers")
@blueprint.arguments(CompletionSchema(), required=False, example={"completed": True})
@blueprint.response(
    200, TaskSchema(), description="The task as it is now.", headers=ETAG, example=TASK_EXAMPLE
)
@blueprint.doc(operationId="completeTask", responses=responses(*WRITE_ERRORS))
def complete_task(
    precondition: dict[str, Any], completion: dict[str, Any], user_id: UUID, task_id: UUID
) -> Any:
    """Toggle a task, or set whether it is done

    Without a body, or with `{}`, `completed` is flipped: N flips at once are N flips. With
    `completed` in the body it is set, which is safe to repeat.
    """
    if completion:
        row = queries.change_task(user_id, task_id, precondition, completion)
    else:
        row = queries.toggle_task(user_id, task_id, precondition)
    return tagged(written_or_412(row))


@blueprint.route(f"{TASK}/restore", methods=["POST"])
@blueprint.arguments(PreconditionSchema(), location="headers")
@blueprint.response(
    200, TaskSchema(), description="The task as it is now.", headers=ETAG, example=TASK_EXAMPLE
)
@blueprint.doc(operationId="restoreTask", responses=responses(400, 404, 409, 412, 422, 500, 503))
def restore_task(precondition: dict[str, Any], user_id: UUID, task_id: UUID) -> Any:
    """Restore a task from the trash

    It comes back as it was. One that isn't in the trash is a 409.
    """
    row = task_or_404(queries.restore_task(user_id, task_id, precondition))
    if not row.written and row.deleted_at is None:
        raise Problem(409, "The task is not in the trash.")
    return tagged(written_or_412(row))
