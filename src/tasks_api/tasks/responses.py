"""What the views share: headers, errors, and how the document describes them."""

from typing import Any

from flask import Response
from marshmallow import fields

from tasks_api.database.statements import Row
from tasks_api.http.problem_schemas import ProblemSchema
from tasks_api.http.problems import REQUEST_ID_REF, Problem, response_with
from tasks_api.tasks.preconditions import Precondition, entity_tag
from tasks_api.tasks.schemas import TASK_EXAMPLE, TaskSchema, says

NO_TASK = "This user has no such task."
READ_ERRORS = (400, 404, 422, 500, 503)
WRITE_ERRORS = (400, 404, 413, 415, 422, 500, 503)

ETAG = {
    "ETag": {
        "description": "Strong; made from the task's revision, or for a list from the user's "
        "counter, and from the shape of a task. A release that adds a member has another shape, "
        "which makes every copy stale by itself.",
        "schema": {"type": "string", "pattern": '^"[0-9]+-[0-9a-f]{4}"$'},
        "example": '"57-3f9a"',
    }
}
REPLAYED = {
    "Idempotency-Replayed": {
        "description": "`true` where a request with this key had been done before.",
        "schema": {"type": "string", "enum": ["true"]},
    }
}
LOCATION = {"Location": {"description": "Where the task is.", "schema": {"type": "string"}}}
MERGE_PATCH = {
    "content": {
        "application/merge-patch+json": {"schema": {"$ref": "#/components/schemas/TaskChange"}}
    }
}
NOT_MODIFIED = {"description": "You have the current version.", "headers": ETAG}


class StaleProblemSchema(ProblemSchema):
    """The task has another version than the request expects."""

    task = fields.Nested(TaskSchema, required=True, metadata=says("The task as it is now."))


STALE = response_with(412, StaleProblemSchema, task=TASK_EXAMPLE)


def existing(description: str, *, schema: Any, example: Any, headers: Any) -> dict[int, Any]:
    """Document the answer to a creation of what exists; for `blueprint.doc(responses=…)`."""
    return {
        200: {
            "description": description,
            "headers": {"X-Request-Id": REQUEST_ID_REF, **headers},
            "content": {"application/json": {"schema": schema, "example": example}},
        }
    }


def links_to(*operations: str) -> dict[str, Any]:
    """Document the operations that an answer's members are parameters of."""
    parameters = {"user_id": "$response.body#/user_id", "task_id": "$response.body#/id"}
    return {name: {"operationId": name, "parameters": parameters} for name in operations}


def with_entity_tag(task: Row) -> tuple[Row, dict[str, str]]:
    """Return a task and its entity tag, for a view to return."""
    return task, {"ETag": entity_tag(task["revision"])}


def without_body(status: int, **headers: str) -> Response:
    """Return a response without a body and without a Content-Type."""
    response = Response(status=status, headers=headers)
    del response.headers["Content-Type"]
    return response


def task_or_404(task: Row | None) -> Row:
    """Return the task.

    Raises:
        Problem: 404, there is none; a task of another user gives the same answer.
    """
    if task is None:
        raise Problem(404, NO_TASK)
    return task


def written_or_412(task: Row | None, precondition: Precondition) -> Row:
    """Return the task that was written.

    Raises:
        Problem: 404, there is none; 412, with the task as it is now: it was not written.
    """
    task = task_or_404(task)
    del task["deleted_at"]
    if not task.pop("written"):
        raise precondition.refusal("task", task["revision"], task=task)
    return task


def forbid_shared_copies(response: Response) -> Response:
    """Make caches ask each time, and keep the answers of users apart (RFC 9111, 5.2.2)."""
    response.headers.setdefault("Cache-Control", "private, no-cache")
    response.headers.add("Vary", "Authorization")
    return response
