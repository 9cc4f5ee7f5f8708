"""The schemas, the columns and what goes out have the same members."""

from tasks_api.tasks.folding import FOLDED
from tasks_api.tasks.item.members import MEMBERS
from tasks_api.tasks.models import Task
from tasks_api.tasks.schemas import TASK_EXAMPLE, TaskChangeSchema, TaskSchema


def test_answers_have_the_members_of_the_schema_in_its_order(client, path, make_task):
    members = list(TaskSchema().fields)
    assert list(make_task()) == members
    assert [list(task) for task in client.get(path).json] == [members]


def test_every_member_of_a_task_is_a_column_and_the_other_way_round():
    columns = set(Task.__table__.columns.keys()) - {"deleted_at", "folded_revision", *FOLDED}
    assert set(TaskSchema().fields) == columns == set(TASK_EXAMPLE)


def test_every_member_that_a_client_can_set_is_written_when_a_task_is_made():
    assert set(MEMBERS) == TaskChangeSchema().load_fields.keys()


def test_example_may_be_sent_back():
    given = {
        "title",
        "description",
        "completed",
        "due_at",
        "due_on",
        "priority",
        "tags",
        "position",
        "time_zone",
        "recurrence",
    }
    assert set(TaskChangeSchema().load(TASK_EXAMPLE)) == given
