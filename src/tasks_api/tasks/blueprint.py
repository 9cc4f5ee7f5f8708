"""The blueprint that all operations on tasks are part of, and how the OpenAPI document begins."""

from importlib.metadata import version

from tasks_api.http.smorest import Blueprint
from tasks_api.tasks.preconditions import forbid_shared_copies
from tasks_api.tasks.replies import ETAG
from tasks_api.tasks.schemas import TASK_EXAMPLE, TaskSchema

DESCRIPTION = """\
Tasks of users. A user is a UUID; nobody registers, the first write makes the user.

Each user has one counter. Every write of theirs takes the counter's next value, and the task that
was written carries it as its `revision`: it is the task's version, and the order of all changes.

Errors are `application/problem+json` (RFC 9457): `errors` says what is wrong and where. Read-only
members in a body are ignored, so that you may send back what you got; any other unknown member or
parameter is refused.

The page `/docs` fills in the ids of the last task that you have created, read or changed there.
"""
DOCUMENT = {
    "title": "Task API",
    "version": version("tasks-api"),
    "openapi_version": "3.0.3",
    "info": {
        "description": DESCRIPTION,
        "license": {"name": "MIT", "url": "https://opensource.org/license/mit"},
        "contact": {"name": "The maintainers"},
    },
    "servers": [{"url": "/"}],
    "security": [],
}

USER_PATH = "/<uuid:user_id>"
TASKS_PATH = f"{USER_PATH}/tasks"
TASK_PATH = f"{TASKS_PATH}/<uuid:task_id>"

blueprint = Blueprint(
    "tasks",
    __name__,
    url_prefix="/api",
    description="The tasks of a user.",
    path_parameters={
        "user_id": {
            "description": "The user: any UUID, nobody registers. Where requests need a token, it "
            "is the one that `GET /api/me` returns.",
            "example": TASK_EXAMPLE["user_id"],
        },
        "task_id": {
            "description": "The `id` of a task, from the answer that created or listed it.",
            "example": TASK_EXAMPLE["id"],
        },
    },
)


blueprint.after_request(forbid_shared_copies)

returns_changed_task = blueprint.response(
    200, TaskSchema(), description="The task as it is now.", headers=ETAG, example=TASK_EXAMPLE
)
