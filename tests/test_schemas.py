"""The compiled dump says what marshmallow's own would, and the schemas know all columns."""

from __future__ import annotations

from collections import namedtuple
from datetime import UTC

import orjson
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema

from tasks_api.tasks.models import PRIORITIES, Task
from tasks_api.tasks.schemas import TASK_EXAMPLE, TaskChangeSchema, TaskSchema

moments = st.datetimes(timezones=st.just(UTC))
COLUMNS = {
    # A row may have more than a task has, and in another order.
    "counter": st.integers(),
    "tags": st.lists(st.text()),
    "priority": st.sampled_from(PRIORITIES),
    "user_id": st.uuids(),
    "id": st.uuids(),
    "title": st.text(),
    "description": st.none() | st.text(),
    "completed": st.booleans(),
    "completed_at": st.none() | moments,
    "due_at": st.none() | moments,
    "revision": st.integers(1, 2**63 - 1),
    "created_at": moments,
    "updated_at": moments,
}
rows = st.builds(namedtuple("Row", COLUMNS), **COLUMNS)


def as_json(value):
    return orjson.loads(orjson.dumps(value))


@given(st.lists(rows, max_size=3))
def test_compiled_dump_equals_marshmallows(tasks):
    schema = TaskSchema(many=True)
    assert as_json(schema.dump(tasks)) == as_json(Schema.dump(schema, tasks))
    for task in tasks:
        one = TaskSchema()
        assert as_json(one.dump(task)) == as_json(Schema.dump(one, task))


def test_every_member_of_a_task_is_a_column_and_the_other_way_round():
    columns = set(Task.__table__.columns.keys()) - {"deleted_at"}
    assert set(TaskSchema().fields) == columns == set(TASK_EXAMPLE)


def test_example_may_be_sent_back():
    given = {"title", "description", "completed", "due_at", "priority", "tags"}
    assert set(TaskChangeSchema().load(TASK_EXAMPLE)) == given
