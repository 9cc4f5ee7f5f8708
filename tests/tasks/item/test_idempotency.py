"""Idempotency-Key: however often it is asked for, it is done once."""

from uuid import uuid4

import pytest
import sqlalchemy as sa
from tools.racing import race, transaction

from tasks_api.tasks.item.creation import create_tasks

BODY = {"title": "Buy milk", "due_at": "2026-01-09T18:00:00+01:00", "tags": ["a"]}
BATCH = [{"title": "1"}, {"title": "2", "priority": "high"}, {"title": "3"}]


@pytest.fixture
def key():
    return {"Idempotency-Key": str(uuid4())}


def revision(client, path):
    return client.get(path).headers["ETag"]


def test_repeat_answers_with_the_task_that_the_first_made(client, path, key):
    first = client.post(path, json=BODY, headers=key)
    again = client.post(path, json=BODY, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json == first.json
    for header in ("Location", "ETag"):
        assert again.headers[header] == first.headers[header]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert client.get(path).json == [first.json]


def test_repeat_takes_no_revision(client, path, key):
    client.post(path, json=BODY, headers=key)
    before = revision(client, path)
    client.post(path, json=BODY, headers=key)
    assert revision(client, path) == before


def test_repeat_answers_with_the_task_as_it_is_now(client, path, key):
    task = client.post(path, json=BODY, headers=key).json
    changed = client.put(f"{path}/{task['id']}", json={"title": "Buy tea"}).json
    assert client.post(path, json=BODY, headers=key).json == changed


@pytest.mark.parametrize(
    "body",
    [
        {**BODY, "due_at": "2026-01-09T17:00:00Z"},
        dict(reversed(BODY.items())),
        {**BODY, "user_id": str(uuid4()), "revision": 5},
    ],
    ids=["the same moment", "another order of members", "read-only members"],
)
def test_same_thing_said_in_another_way_is_a_repeat(client, path, key, body):
    first = client.post(path, json=BODY, headers=key).json
    assert client.post(path, json=body, headers=key).json == first


def test_key_for_another_body_is_a_422(client, path, key):
    first = client.post(path, json=BODY, headers=key).json
    answer = client.post(path, json={**BODY, "title": "Buy tea"}, headers=key)
    assert answer.status_code == 422
    assert client.get(path).json == [first]


def test_key_for_another_operation_is_a_422(client, path, key):
    client.post(path, json=BODY, headers=key)
    assert client.post(f"{path}/batch", json=[BODY], headers=key).status_code == 422


def test_keys_of_two_users_have_nothing_to_do_with_each_other(client, key):
    tasks = [client.post(f"/api/{uuid4()}/tasks", json=BODY, headers=key).json for _ in range(2)]
    assert tasks[0]["id"] != tasks[1]["id"]


def test_repeat_after_the_task_is_deleted_is_a_410(client, path, key):
    task = client.post(path, json=BODY, headers=key).json
    client.delete(f"{path}/{task['id']}")
    assert client.post(path, json=BODY, headers=key).status_code == 410
    assert client.get(path).json == []


@pytest.mark.parametrize(
    "key", ["", "a b", "é", "a\tb", "x" * 256], ids=["empty", "space", "accent", "tab", "long"]
)
def test_malformed_key_is_a_400_that_names_the_header(client, path, key):
    answer = client.post(path, json=BODY, headers={"Idempotency-Key": key})
    assert answer.status_code == 400
    assert [error["header"] for error in answer.json["errors"]] == ["Idempotency-Key"]
    assert client.get(path).json == []


@pytest.mark.parametrize("key", ["!", "~", "x" * 255, '"quoted"'])
def test_visible_ascii_is_a_key(client, path, key):
    assert client.post(path, json=BODY, headers={"Idempotency-Key": key}).status_code == 201


def test_nothing_is_kept_of_a_request_that_failed(client, path, key):
    assert client.post(path, json={}, headers=key).status_code == 422
    assert client.post(path, json=BODY, headers=key).status_code == 201


def test_new_key_is_one_statement(client, path, key, statements):
    client.post(path, json=BODY, headers=key)
    assert len(statements) == 1


def test_request_without_a_key_touches_no_keys(client, database, path):
    with transaction(database) as holder:
        holder.execute(sa.text("LOCK TABLE idempotency_keys"))
        assert client.post(path, json=BODY).status_code == 201


def test_of_twelve_repeats_at_once_one_makes_the_task(app, client, path, key):
    answers = race(12, lambda _: app.test_client().post(path, json=BODY, headers=key))
    assert [answer.status_code for answer in answers] == [201] * 12
    assert [task["id"] for task in client.get(path).json] == [answers[0].json["id"]]
    assert {answer.json["id"] for answer in answers} == {answers[0].json["id"]}
    replayed = [answer.headers.get("Idempotency-Replayed") for answer in answers]
    assert sorted(replayed, key=str) == [None] + ["true"] * 11


def test_key_that_is_erased_before_its_repeat_has_read_it_is_a_410(client, wire, path, key):
    # PostgreSQL's answer to the first statement of a repeat, which finds the key taken.
    wire.instead.append("SELECT WHERE false")
    assert client.post(path, json=BODY, headers=key).status_code == 410


def test_batch_is_repeated_whole(client, path, key):
    first = client.post(f"{path}/batch", json=BATCH, headers=key)
    again = client.post(f"{path}/batch", json=BATCH, headers=key)
    assert (again.status_code, again.json) == (201, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(client.get(path).json) == 3


def test_batch_of_which_a_task_is_deleted_is_a_410(client, path, key):
    first = client.post(f"{path}/batch", json=BATCH, headers=key).json
    client.delete(f"{path}/{first[1]['id']}")
    assert client.post(f"{path}/batch", json=BATCH, headers=key).status_code == 410


def test_repeat_may_reach_a_release_whose_members_come_in_another_order(app, user):
    asked = {"title": "Buy milk", "tags": ["a"], "priority": "high"}
    with app.app_context():
        first = create_tasks(user, asked, "key")
        again = create_tasks(user, dict(reversed(asked.items())), "key")
    assert (first.replayed, again.replayed) == (False, True)
    assert again.tasks == first.tasks
