"""What the views answer with, and how the document says so."""

from __future__ import annotations

from typing import Any

from flask import Response
from sqlalchemy import Row

from tasks_api.http.entity_tags import entity_tag
from tasks_api.http.problems import Problem

READ_ERRORS = (400, 404, 422, 500, 503)
WRITE_ERRORS = (400, 404, 412, 413, 415, 422, 500, 503)
CREATE_ERRORS = (400, 404, 410, 413, 415, 422, 500, 503)

ETAG = {
    "ETag": {
        "description": 'The entity tag, made from the revision: `"57"`.',
        "schema": {"type": "string"},
        "example": '"57"',
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


def links_to(*operations: str) -> dict[str, Any]:
    """Tell in the document which operations the answer's members lead to."""
    parameters = {"user_id": "$response.body#/user_id", "task_id": "$response.body#/id"}
    return {name: {"operationId": name, "parameters": parameters} for name in operations}


def tagged(row: Row[Any]) -> tuple[Row[Any], dict[str, str]]:
    """Answer with a task and its entity tag."""
    return row, {"ETag": entity_tag(row.revision)}


def bare(status: int, **headers: str) -> Response:
    """Answer without a body."""
    response = Response(status=status, headers=headers)
    del response.headers["Content-Type"]
    return response


def task_or_404(row: Row[Any] | None) -> Row[Any]:
    """Say that there is no such task, the one way for all of them.

    Raises:
        Problem: 404, the same for a task that never was and for another user's.
    """
    if row is None:
        raise Problem(404, "This user has no such task.")
    return row


def written_or_412(row: Row[Any] | None) -> Row[Any]:
    """Say that the task has another version than the client expects.

    Raises:
        Problem: 412, with the current entity tag; 404.
    """
    row = task_or_404(row)
    if not row.written:
        raise precondition_failed(row)
    return row


def precondition_failed(row: Row[Any]) -> Problem:
    return Problem(
        412,
        "The task has changed since; nothing was done. ETag has its current version.",
        headers={"ETag": entity_tag(row.revision)},
    )
