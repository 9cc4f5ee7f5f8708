"""The blueprint that all operations on tasks are part of."""

from tasks_api.http.smorest import Blueprint
from tasks_api.tasks.responses import ETAG, forbid_shared_copies
from tasks_api.tasks.schemas import TASK_EXAMPLE, TaskSchema

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


blueprint.after_request(forbid_shared_copies)

returns_changed_task = blueprint.response(
    200, TaskSchema(), description="The task as it is now.", headers=ETAG, example=TASK_EXAMPLE
)
