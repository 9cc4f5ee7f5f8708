"""Many tasks at once: all or none, in order."""

import pytest


@pytest.fixture
def batch(path):
    return f"{path}/batch"


def test_batch_makes_tasks_in_order_each_with_its_revision(client, path, batch, make_task):
    make_task()
    given = [{"title": str(number), "tags": [str(number)]} for number in range(5)]
    answer = client.post(batch, json=given)
    assert answer.status_code == 201
    assert [task["title"] for task in answer.json] == ["0", "1", "2", "3", "4"]
    assert [task["tags"] for task in answer.json] == [["0"], ["1"], ["2"], ["3"], ["4"]]
    assert [task["revision"] for task in answer.json] == [2, 3, 4, 5, 6]
    assert client.get(path, query_string={"sort": "created_at"}).json[1:] == answer.json


def test_task_of_a_batch_is_as_if_it_were_made_alone(client, batch, make_task):
    given = {
        "title": "x",
        "description": 'é"\\😀',
        "completed": True,
        "due_at": "2026-01-09T18:00:00.5+01:00",
        "priority": "medium",
        "tags": ["b", "a,{}", '"'],
    }
    [together] = client.post(batch, json=[given]).json
    alone = make_task(**given)
    own = {"id", "revision", "created_at", "updated_at", "completed_at"}
    assert {k: v for k, v in together.items() if k not in own} == {
        k: v for k, v in alone.items() if k not in own
    }
    assert together["completed_at"] == together["created_at"]


def test_first_batch_makes_the_user(client, path, batch):
    assert [task["revision"] for task in client.post(batch, json=[{"title": "x"}] * 2).json] == [
        1,
        2,
    ]
    assert len(client.get(path).json) == 2


def test_batch_is_one_statement(client, batch, statements):
    client.post(batch, json=[{"title": "x"}] * 100)
    assert len(statements) == 1


def test_one_bad_task_spoils_the_batch_and_is_pointed_at(client, path, batch):
    given = [{"title": "x"}, {"title": "y", "tags": ["a", ""]}, {"title": "z"}, {"title": ""}]
    answer = client.post(batch, json=given)
    assert answer.status_code == 422
    pointers = {error["pointer"] for error in answer.json["errors"]}
    assert pointers == {"#/1/tags/1", "#/3/title"}
    assert client.get(path).json == []


@pytest.mark.parametrize("body", [[], [{"title": "x"}] * 101, {"title": "x"}, {}, "x", 5, True])
def test_what_is_no_array_of_1_to_100_is_refused(client, path, batch, body):
    answer = client.post(batch, json=body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == ["#"]
    assert client.get(path).json == []


def test_element_that_is_no_object_is_pointed_at(client, batch):
    answer = client.post(batch, json=[{"title": "x"}, 5])
    assert answer.status_code == 422
    assert answer.json["errors"] == [{"detail": "Must be an object.", "pointer": "#/1"}]


def test_batch_may_be_larger_than_another_body(client, path, batch):
    large = [{"title": "x", "description": "é" * 2000}] * 100
    assert client.post(batch, json=large).status_code == 201
    assert client.post(path, json=large).status_code == 413


def test_batch_that_is_too_large_is_refused(client, batch):
    response = client.post(batch, json=[{"title": "x" * (1 << 20)}])
    assert response.status_code == 413


def test_batch_can_only_be_posted(client, batch):
    answer = client.get(batch)
    assert (answer.status_code, "POST" in answer.headers["Allow"]) == (405, True)
