"""Tombstones: what clients see of a task that is in the trash."""

from marshmallow import fields

from tasks_api.database.statements import Row
from tasks_api.http.fields import AsItIs
from tasks_api.http.problem_schemas import ProblemSchema
from tasks_api.http.problems import problem_type, response_with
from tasks_api.tasks.schemas import says

IN_TRASH = "The task with this id is in the trash."
TASK_DELETED = problem_type("task-deleted")
TOMBSTONE_EXAMPLE = {"id": "019bb1a2-7c5e-7d31-9c0a-3f2b8e6d4a0f", "revision": 58, "deleted": True}


class TombstoneSchema(AsItIs):
    """A task that was deleted."""

    id = fields.UUID(required=True, metadata=says("The id of the task."))
    revision = fields.Integer(
        required=True, metadata=says("The user's counter when the task was deleted.")
    )
    deleted = fields.Boolean(
        required=True, metadata=says("Always `true`; a task has no such member.", enum=[True])
    )


class DeletedProblemSchema(ProblemSchema):
    """What is to be created was created before, and is in the trash."""

    tombstone = fields.Nested(
        TombstoneSchema, metadata=says("What is in the trash; of many, the first.")
    )


GONE = response_with(410, DeletedProblemSchema, tombstone=TOMBSTONE_EXAMPLE)


def tombstone(task: Row) -> Row:
    """Return the tombstone of a task."""
    return {"id": task["id"], "revision": task["revision"], "deleted": True}
