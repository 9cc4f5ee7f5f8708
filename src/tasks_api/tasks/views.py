"""The HTTP side of tasks: the decorators are the contract, the bodies are one call."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, url_for
from sqlalchemy import Row

from tasks_api.arguments import Blueprint, refuse_undeclared_query
from tasks_api.problems import Problem, responses
from tasks_api.tasks import queries
from tasks_api.tasks.schemas import (
    NEW_TASK_EXAMPLE,
    TASK_EXAMPLE,
    CompletionSchema,
    NewTaskSchema,
    TaskChangeSchema,
    TaskQuerySchema,
    TaskSchema,
)

TASKS = "/<uuid:user_id>/tasks"
TASK = f"{TASKS}/<uuid:task_id>"
LOCATION = {"Location": {"description": "Where the task is.", "schema": {"type": "string"}}}
BODY_ERRORS = (400, 413, 415)

blueprint = Blueprint("tasks", __name__, url_prefix="/api", description="The tasks of a user.")
blueprint.before_request(refuse_undeclared_query)


def task_or_404(row: Row[Any] | None) -> Row[Any]:
    """Say that there is no such task, the one way for all of them.

    Raises:
        Problem: 404, the same for a task that never was and for another user's.
    """
    if row is None:
        raise Problem(404, "This user has no such task.")
    return row


@blueprint.route(TASKS, methods=["POST"])
@blueprint.arguments(NewTaskSchema(), example=NEW_TASK_EXAMPLE)
@blueprint.response(
    201,
    TaskSchema(),
    description="The task as it was made.",
    headers=LOCATION,
    example=TASK_EXAMPLE,
)
@blueprint.doc(operationId="createTask", responses=responses(*BODY_ERRORS, 404, 422, 500, 503))
def create_task(task: dict[str, Any], user_id: UUID) -> Any:
    """Create a task

    The first task of a user makes the user.
    """
    row = queries.create_task(user_id, task)
    return row, {"Location": url_for("tasks.get_task", user_id=user_id, task_id=row.id)}


@blueprint.route(TASKS)
@blueprint.arguments(TaskQuerySchema(), location="query")
@blueprint.response(
    200, TaskSchema(many=True), description="A page of tasks.", example=[TASK_EXAMPLE]
)
@blueprint.doc(operationId="listTasks", responses=responses(400, 404, 422, 500, 503))
def list_tasks(query: dict[str, Any], user_id: UUID) -> Any:
    """List tasks, newest first

    A user who has never written has an empty list.
    """
    _counter, rows = queries.list_tasks(user_id, **query)
    return rows


@blueprint.route(TASK)
@blueprint.response(200, TaskSchema(), description="The task.", example=TASK_EXAMPLE)
@blueprint.doc(operationId="getTask", responses=responses(404, 422, 500, 503))
def get_task(user_id: UUID, task_id: UUID) -> Any:
    """Get a task

    A task that never was, one that is deleted and one of another user are the same 404.
    """
    return task_or_404(queries.get_task(user_id, task_id))


@blueprint.route(TASK, methods=["PUT"])
@blueprint.arguments(TaskChangeSchema(), example={"title": "Buy oat milk, four cartons"})
@blueprint.response(200, TaskSchema(), description="The task as it is now.", example=TASK_EXAMPLE)
@blueprint.doc(operationId="updateTask", responses=responses(*BODY_ERRORS, 404, 422, 500, 503))
def update_task(changes: dict[str, Any], user_id: UUID, task_id: UUID) -> Any:
    """Update a task

    Members that are present are set, members that are absent keep their values; `null` clears
    `description`. `{}` changes nothing.
    """
    return task_or_404(queries.change_task(user_id, task_id, changes))


@blueprint.route(TASK, methods=["DELETE"])
@blueprint.response(204, description="It is deleted.")
@blueprint.doc(operationId="deleteTask", responses=responses(404, 422, 500, 503))
def delete_task(user_id: UUID, task_id: UUID) -> Any:
    """Delete a task

    A second time, it is a 404.
    """
    task_or_404(queries.delete_task(user_id, task_id))
    return _no_content()


@blueprint.route(f"{TASK}/complete", methods=["PATCH"])
@blueprint.arguments(CompletionSchema(), required=False, example={"completed": True})
@blueprint.response(200, TaskSchema(), description="The task as it is now.", example=TASK_EXAMPLE)
@blueprint.doc(operationId="completeTask", responses=responses(*BODY_ERRORS, 404, 422, 500, 503))
def complete_task(completion: dict[str, Any], user_id: UUID, task_id: UUID) -> Any:
    """Toggle a task, or set whether it is done

    Without a body, or with `{}`, `completed` is flipped: N flips at once are N flips. With
    `completed` in the body it is set, which is safe to repeat.
    """
    if completion:
        return task_or_404(queries.change_task(user_id, task_id, completion))
    return task_or_404(queries.toggle_task(user_id, task_id))


def _no_content() -> Response:
    response = Response(status=204)
    del response.headers["Content-Type"]
    return response
