"""One task, over HTTP: the decorators are the contract, the bodies are one call."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import request

from tasks_api.http.entity_tags import matches
from tasks_api.http.problems import Problem, responses
from tasks_api.tasks import replies
from tasks_api.tasks.blueprint import TASK_PATH, TASKS_PATH, blueprint, returns_changed_task
from tasks_api.tasks.item import creation, statements
from tasks_api.tasks.item.creation import Creation
from tasks_api.tasks.item.idempotency import IdempotencyKeySchema
from tasks_api.tasks.preconditions import (
    IfNoneMatchSchema,
    Precondition,
    PreconditionSchema,
    entity_tag,
    task_or_404,
    with_entity_tag,
    written_or_412,
)
from tasks_api.tasks.schemas import (
    NEW_TASK_EXAMPLE,
    TASK_EXAMPLE,
    CompletionSchema,
    NewTaskSchema,
    TaskChangeSchema,
    TaskSchema,
)

EXISTING = replies.existing(
    "The task with this `id`, which exists already, as it is now.",
    schema={"$ref": "#/components/schemas/Task"},
    example=TASK_EXAMPLE,
    headers=replies.ETAG | replies.LOCATION,
)
LINKS = replies.links_to("getTask", "updateTask", "patchTask", "completeTask", "deleteTask")


@blueprint.route(TASKS_PATH, methods=["POST"])
@blueprint.arguments(IdempotencyKeySchema("7f0c4f5e-buy-oat-milk"), location="headers")
@blueprint.arguments(NewTaskSchema(), example=NEW_TASK_EXAMPLE)
@blueprint.response(
    201,
    TaskSchema(),
    description="The task as it was made.",
    headers=replies.ETAG | replies.LOCATION | replies.REPLAYED,
    example=TASK_EXAMPLE,
)
@blueprint.doc(
    operationId="createTask",
    responses=replies.WRITE_ERRORS | EXISTING | replies.GONE | {201: {"links": LINKS}},
)
def create_task(idempotency: dict[str, Any], task: dict[str, Any], user_id: UUID) -> Any:
    """Create a task

    The first task of a user creates the user. With an `id` of yours, or with an `Idempotency-Key`,
    you can repeat the request: the task is created once.
    """
    key = idempotency["key"]
    if key is None and not task.keys() & {"id", "recurrence"}:
        made = Creation([creation.create_task(user_id, task)])
    else:
        made = creation.create_tasks(user_id, task, key)
    [created] = made.tasks
    headers = {
        "ETag": entity_tag(created["revision"]),
        # Flask's url_for takes longer than making the task.
        "Location": f"{request.script_root}/api/{user_id}/tasks/{created['id']}",
        **made.headers,
    }
    return created, made.status, headers


@blueprint.route(TASK_PATH)
@blueprint.arguments(IfNoneMatchSchema(), location="headers")
@blueprint.response(
    200, TaskSchema(), description="The task.", headers=replies.ETAG, example=TASK_EXAMPLE
)
@blueprint.doc(operationId="getTask", responses=replies.READ_ERRORS | replies.NOT_MODIFIED)
def get_task(headers: dict[str, Any], user_id: UUID, task_id: UUID) -> Any:
    """Get a task

    A task that does not exist, is deleted or belongs to another user is the same 404.
    """
    task = task_or_404(statements.get_task(user_id, task_id))
    if matches(task["revision"], headers["known"]):
        return replies.without_body(304, ETag=entity_tag(task["revision"]))
    return with_entity_tag(task)


def _change_task(
    user_id: UUID, task_id: UUID, precondition: Precondition, changes: Mapping[str, Any]
) -> Any:
    if changes:
        task = statements.change_task(user_id, task_id, precondition, changes)
        return with_entity_tag(written_or_412(task, precondition))
    task = task_or_404(statements.get_task(user_id, task_id))
    if not precondition.allows(task["revision"]):
        raise precondition.refusal("task", task["revision"], task=task)
    return with_entity_tag(task)


@blueprint.route(TASK_PATH, methods=["PUT"])
@blueprint.arguments(PreconditionSchema(), location="headers")
@blueprint.arguments(TaskChangeSchema(), example={"title": "Buy oat milk, four cartons"})
@returns_changed_task
@blueprint.doc(operationId="updateTask", responses=replies.WRITE_ERRORS | replies.STALE)
def update_task(
    precondition: Precondition, changes: dict[str, Any], user_id: UUID, task_id: UUID
) -> Any:
    """Update a task

    Members that are present are set, members that are absent keep their values; `null` clears a
    member that can be null. `{}` changes nothing, not even the revision.
    """
    return _change_task(user_id, task_id, precondition, changes)


@blueprint.route(TASK_PATH, methods=["PATCH"])
@blueprint.arguments(PreconditionSchema(), location="headers")
@blueprint.arguments(TaskChangeSchema(), example={"description": None})
@returns_changed_task
@blueprint.doc(
    operationId="patchTask",
    responses=replies.WRITE_ERRORS | replies.STALE,
    requestBody=replies.MERGE_PATCH,
)
def patch_task(
    precondition: Precondition, changes: dict[str, Any], user_id: UUID, task_id: UUID
) -> Any:
    """Patch a task

    A JSON merge patch (RFC 7396). PUT does the same.
    """
    return _change_task(user_id, task_id, precondition, changes)


@blueprint.route(TASK_PATH, methods=["DELETE"])
@blueprint.arguments(PreconditionSchema(), location="headers")
@blueprint.response(204, description="It is in the trash.")
@blueprint.doc(operationId="deleteTask", responses=replies.READ_ERRORS | replies.STALE)
def delete_task(precondition: Precondition, user_id: UUID, task_id: UUID) -> Any:
    """Delete a task

    The task moves to the trash: until it is restored, no list has it and its id is a 404.
    """
    written_or_412(statements.delete_task(user_id, task_id, precondition), precondition)
    return replies.without_body(204)


@blueprint.route(f"{TASK_PATH}/restore", methods=["POST"])
@blueprint.arguments(PreconditionSchema(), location="headers")
@returns_changed_task
@blueprint.doc(
    operationId="restoreTask", responses=responses(400, 404, 409, 422, 500, 503) | replies.STALE
)
def restore_task(precondition: Precondition, user_id: UUID, task_id: UUID) -> Any:
    """Restore a task from the trash

    The task comes back as it was. A task that isn't in the trash is a 409.
    """
    task = task_or_404(statements.restore_task(user_id, task_id, precondition))
    if not task["written"] and task["deleted_at"] is None:
        raise Problem(409, "The task is not in the trash.")
    return with_entity_tag(written_or_412(task, precondition))


@blueprint.route(f"{TASK_PATH}/complete", methods=["PATCH"])
@blueprint.arguments(PreconditionSchema(), location="headers")
@blueprint.arguments(CompletionSchema(), required=False, example={"completed": True})
@returns_changed_task
@blueprint.doc(operationId="completeTask", responses=replies.WRITE_ERRORS | replies.STALE)
def complete_task(
    precondition: Precondition, completion: dict[str, Any], user_id: UUID, task_id: UUID
) -> Any:
    """Complete a task, reopen it, or toggle it

    With `completed` in the body it is set, which is safe to repeat. Without a body, or with `{}`,
    it is flipped; N requests at the same time flip it N times. A task with `recurrence` leaves the
    next one, which `next_task_id` names.
    """
    task = statements.change_task(user_id, task_id, precondition, completion)
    return with_entity_tag(written_or_412(task, precondition))
