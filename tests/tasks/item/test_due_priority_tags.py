"""Due dates, priorities, tags, and the moment of completion."""

import pytest

from tasks_api.http.fields import RFC_3339


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2026-01-08T20:45:00Z", "2026-01-08T20:45:00Z"),
        ("2026-01-08t20:45:00.5z", "2026-01-08T20:45:00.500000Z"),
        ("2026-01-08T20:45:00+05:30", "2026-01-08T15:15:00Z"),
        ("2026-01-08T20:45:00.123456789-00:00", "2026-01-08T20:45:00.123456Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_due_date_is_turned_into_utc(client, path, make_task, given, kept):
    task = make_task(due_at=given)
    assert task["due_at"] == kept
    assert client.get(f"{path}/{task['id']}").json == task


@pytest.mark.parametrize(
    "given",
    [
        "2026-01-08",
        "2026-01-08T20:45:00",
        "2026-01-08 20:45:00Z",
        "20260108T204500Z",
        "2026-W02-4T20:45:00Z",
        "2026-01-08T20:45Z",
        "2026-02-30T00:00:00Z",
        "2026-01-08T24:00:00Z",
        "2026-01-08T20:45:60Z",
        "2026-01-08T20:45:00+24:00",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "10000-01-01T00:00:00Z",
        "2026-01-08T20:45:00Z\n",
        "٢٠٢٦-01-08T20:45:00Z",
        "infinity",
        "now",
        "",
        1767905100,
        True,
    ],
)
def test_due_date_that_is_none_is_refused(client, path, given):
    answer = client.post(path, json={"title": "x", "due_at": given})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "#/due_at"


def test_leap_second_is_refused_in_true_words(client, path):
    """This one existed (RFC 3339, section 5.7)."""
    answer = client.post(path, json={"title": "x", "due_at": "2016-12-31T23:59:60Z"})
    assert answer.status_code == 422
    assert answer.json["errors"] == [
        {
            "detail": "Leap seconds are not kept: write the second before or after.",
            "pointer": "#/due_at",
        }
    ]


def test_midnight_has_no_hour_24(client, path):
    """RFC 3339, section 5.6; Python reads it from 3.14 on."""
    answer = client.post(path, json={"title": "x", "due_at": "2026-01-08T24:00:00Z"})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["detail"].startswith("Must be an RFC 3339 timestamp")


def test_due_date_can_be_cleared(client, path, make_task):
    task = make_task(due_at="2026-01-08T20:45:00Z")
    assert client.put(f"{path}/{task['id']}", json={"due_at": None}).json["due_at"] is None


@pytest.mark.parametrize("priority", ["none", "low", "medium", "high"])
def test_priority_comes_back_by_its_name(client, path, make_task, priority):
    task = make_task(priority=priority)
    assert task["priority"] == priority
    changed = client.put(f"{path}/{make_task()['id']}", json={"priority": priority})
    assert changed.json["priority"] == priority


@pytest.mark.parametrize("priority", ["urgent", "High", "", 2, None, ["low"]])
def test_priority_that_is_none_of_the_four_is_refused(client, path, priority):
    answer = client.post(path, json={"title": "x", "priority": priority})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "#/priority"


@pytest.mark.parametrize(
    "tags", [[], ["a"], ["b", "a"], ["é", "e"], [",", '"', "{}", "\\", "NULL"], ["😀" * 50]]
)
def test_tags_come_back_in_their_order(client, path, make_task, tags):
    task = make_task(tags=tags)
    assert task["tags"] == tags
    assert client.put(f"{path}/{task['id']}", json={"tags": tags[::-1]}).json["tags"] == tags[::-1]


@pytest.mark.parametrize("tag", [1, "", "same"])
def test_no_tag_is_looked_at_where_there_are_too_many(client, path, tag):
    answer = client.post(path, json={"title": "x", "tags": [tag] * 4000})
    assert answer.status_code == 422
    assert answer.json["errors"] == [
        {"detail": "Longer than maximum length 20.", "pointer": "#/tags"}
    ]


def test_tags_can_be_emptied(client, path, make_task):
    task = make_task(tags=["a"])
    assert client.put(f"{path}/{task['id']}", json={"tags": []}).json["tags"] == []


@pytest.mark.parametrize(
    ("tags", "pointer"),
    [
        (["a", "b", "a", "a"], "#/tags/2"),
        ([""], "#/tags/0"),
        (["a", "x" * 51], "#/tags/1"),
        (["a", None], "#/tags/1"),
        (["a", 1], "#/tags/1"),
        (["a\0"], "#/tags/0"),
        ([str(number) for number in range(21)], "#/tags"),
        ("a", "#/tags"),
        (None, "#/tags"),
        ({"a": 1}, "#/tags"),
    ],
)
def test_unacceptable_tag_is_pointed_at(client, path, tags, pointer):
    answer = client.post(path, json={"title": "x", "tags": tags})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]


def test_completion_has_its_moment(client, path, make_task):
    task = make_task()
    one = f"{path}/{task['id']}"
    done = client.patch(f"{one}/complete").json
    assert done["completed_at"] == done["updated_at"]
    again = client.patch(f"{one}/complete", json={"completed": True}).json
    assert again["completed_at"] == done["completed_at"] < again["updated_at"]
    renamed = client.put(one, json={"title": "y", "completed": True}).json
    assert renamed["completed_at"] == done["completed_at"]
    reopened = client.patch(f"{one}/complete").json
    assert (reopened["completed"], reopened["completed_at"]) == (False, None)
    assert client.put(one, json={"completed": True}).json["completed_at"] is not None
    assert client.put(one, json={"completed": False}).json["completed_at"] is None


def test_task_that_is_made_completed_was_completed_then(make_task):
    task = make_task(completed=True)
    assert task["completed_at"] == task["created_at"]


def test_hour_24_is_no_hour_whichever_python_reads_it():
    """From Python 3.14 on, `fromisoformat` takes it for the next day."""
    assert RFC_3339.fullmatch("2026-01-08T23:00:00Z")
    assert not RFC_3339.fullmatch("2026-01-08T24:00:00Z")
