"""The blueprint that all operations on tasks are part of."""

from __future__ import annotations

from flask import Response

from tasks_api.http.smorest import Blueprint
from tasks_api.tasks.responses import ETAG
from tasks_api.tasks.schemas import TASK_EXAMPLE, TaskSchema

USER = "/<uuid:user_id>"
TASKS = f"{USER}/tasks"
TASK = f"{TASKS}/<uuid:task_id>"

blueprint = Blueprint(
    "tasks",
    __name__,
    url_prefix="/api",
    description="The tasks of a user.",
    path_parameters={
        "user_id": {
            "description": "The user: any UUID, nobody registers. Where requests need a token, it "
            "is the one of the token's user.",
            "example": TASK_EXAMPLE["user_id"],
        },
        "task_id": {
            "description": "The `id` of a task, from the answer that created or listed it. The "
            "page `/docs` fills in that of the last task you created, read or changed.",
            "example": TASK_EXAMPLE["id"],
        },
    },
)


@blueprint.after_request
def forbid_shared_copies(response: Response) -> Response:
    """Make caches ask each time, and keep the answers of users apart (RFC 9111, 5.2.2)."""
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers.add("Vary", "Authorization")
    return response


returns_changed_task = blueprint.response(
    200, TaskSchema(), description="The task as it is now.", headers=ETAG, example=TASK_EXAMPLE
)
