"""The compiled dump says what marshmallow's own would, and the schemas know all columns."""

from __future__ import annotations

from datetime import UTC
from types import SimpleNamespace

import orjson
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema

from tasks_api.tasks.models import Task
from tasks_api.tasks.schemas import TASK_EXAMPLE, TaskChangeSchema, TaskSchema

rows = st.builds(
    SimpleNamespace,
    id=st.uuids(),
    user_id=st.uuids(),
    title=st.text(),
    description=st.none() | st.text(),
    completed=st.booleans(),
    revision=st.integers(1, 2**63 - 1),
    created_at=st.datetimes(timezones=st.just(UTC)),
    updated_at=st.datetimes(timezones=st.just(UTC)),
)


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
    assert set(TaskSchema().fields) == set(Task.__table__.columns.keys()) == set(TASK_EXAMPLE)


def test_example_may_be_sent_back():
    given = {"title", "description", "completed"}
    assert set(TaskChangeSchema().load(TASK_EXAMPLE)) == given
