"""What the document says of answers that several operations have."""

from typing import Any

from flask import Response
from marshmallow import fields

from tasks_api.http.fields import says
from tasks_api.http.problem_schemas import ProblemSchema
from tasks_api.http.problems import REQUEST_ID_REF, problem_type, response_with, responses
from tasks_api.tasks.schemas import TASK_EXAMPLE, TOMBSTONE_EXAMPLE, TaskSchema, TombstoneSchema

IN_TRASH = "The task with this id is in the trash."
TASK_DELETED = problem_type("task-deleted")
READ_ERRORS = responses(400, 404, 422, 500, 503)
WRITE_ERRORS = responses(400, 404, 413, 415, 422, 500, 503)

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
NOT_MODIFIED = {304: {"description": "You have the current version.", "headers": ETAG}}


class StaleProblemSchema(ProblemSchema):
    """The task has another version than the request expects."""

    task = fields.Nested(TaskSchema, metadata=says("The task as it is now."))


class DeletedProblemSchema(ProblemSchema):
    """What is to be created was created before, and is in the trash."""

    optional = ("errors", "tombstone")
    tombstone = fields.Nested(
        TombstoneSchema, metadata=says("What is in the trash; of many, the first.")
    )


STALE = response_with(412, StaleProblemSchema, task=TASK_EXAMPLE)
GONE = response_with(410, DeletedProblemSchema, tombstone=TOMBSTONE_EXAMPLE)


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


def without_body(status: int, **headers: str) -> Response:
    """Return a response without a body and without a Content-Type."""
    response = Response(status=status, headers=headers)
    del response.headers["Content-Type"]
    return response
