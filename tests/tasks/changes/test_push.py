"""A push merges what a device has changed offline: each change by itself, member by member."""

from datetime import timedelta
from uuid import UUID, uuid4, uuid5

import pytest
import sqlalchemy as sa
from tools.databases import connect
from tools.racing import race, transaction, while_it_waits

from tasks_api.app import create_app
from tasks_api.config import Config
from tasks_api.database.execution import execute
from tasks_api.tasks.preconditions import entity_tag
from tasks_api.tasks.upkeep.purge import PURGE

ABSENT = "This user has no such task."
IN_TRASH = "The task with this id is in the trash."
CONFLICT = "It is now neither as `was` nor as `set` says."


@pytest.fixture
def where(user):
    return f"/api/{user}/changes"


@pytest.fixture
def push(client, where):
    """Push some changes; return their results."""

    def send(*changes):
        answer = client.post(where, json={"changes": changes})
        assert answer.status_code == 200, answer.text
        assert len(answer.json["results"]) == len(changes)
        return answer.json["results"]

    return send


@pytest.fixture
def trash(client, path):
    return lambda: client.get(path, query_string={"deleted": "true"}).json


@pytest.fixture
def unchanged(client, path, trash):
    """Check that nothing was written, not even the counter, since this was called first."""
    kept = []

    def check():
        answer = client.get(path)
        kept.append((answer.headers["ETag"], answer.json, trash()))
        assert kept[0] == kept[-1]

    return check


def errors(detail, *places, number=0):
    return [{"detail": detail, "pointer": f"#/changes/{number}/{place}"} for place in places]


# New tasks.


def test_new_task_is_created_as_a_single_request_would(push, make_task):
    given = {
        "title": "x",
        "completed": True,
        "due_at": "2026-01-09T18:00:00.5+01:00",
        "tags": ["a"],
    }
    single = make_task(**given)
    [result] = push({"id": (id_ := str(uuid4())), "was": None, "set": given})
    assert (result["id"], result["status"], "errors" in result) == (id_, 201, False)
    task = result["task"]
    own = {"id", "revision", "created_at", "updated_at", "completed_at"}
    assert {k: v for k, v in task.items() if k not in own} == {
        k: v for k, v in single.items() if k not in own
    }
    assert list(task) == list(single)
    assert (task["id"], task["revision"]) == (id_, 2)
    assert task["created_at"] == task["updated_at"] == task["completed_at"]


def test_creation_is_repeated_without_harm(push, unchanged):
    new = {"id": str(uuid4()), "was": None, "set": {"title": "x", "tags": ["a"]}}
    [first] = push(new)
    unchanged()
    assert push(new) == [{**first, "status": 200}]
    unchanged()


def test_creation_of_what_exists_and_differs_is_a_conflict(push, make_task, unchanged):
    task = make_task(title="theirs", tags=["a"], description="y")
    unchanged()
    given = {"title": "mine", "tags": ["a"], "priority": "high"}
    [result] = push({"id": task["id"], "was": None, "set": given})
    assert (result["status"], result["task"]) == (409, task)
    assert result["errors"] == errors(CONFLICT, "set/title", "set/priority")
    unchanged()


def test_members_that_a_creation_leaves_out_are_not_compared(push, make_task):
    task = make_task(title="x", description="added since", completed=True)
    [result] = push({"id": task["id"], "was": None, "set": {"title": "x"}})
    assert (result["status"], result["task"]) == (200, task)


def test_new_task_without_a_title_is_a_422(push, client, path):
    [result] = push({"id": (id_ := str(uuid4())), "was": None, "set": {"description": "x"}})
    assert result == {
        "id": id_,
        "status": 422,
        "errors": errors("Missing data for required field.", "set/title"),
    }
    assert client.get(path).json == []


def test_task_that_was_made_and_deleted_offline_is_in_the_trash(push, trash, client, path):
    change = {"id": str(uuid4()), "was": None, "set": {"title": "x"}, "deleted": True}
    [result] = push(change)
    assert result["status"] == 201
    assert result["tombstone"] == {"id": change["id"], "revision": 1, "deleted": True}
    assert [task["id"] for task in trash()] == [change["id"]]
    assert push(change) == [{**result, "status": 200}]
    assert client.post(f"{path}/{change['id']}/restore").json["title"] == "x"


# Changes.


def test_member_that_is_as_it_was_is_set(push, client, path, make_task):
    task = make_task(title="a", tags=["x"])
    change = {"was": {"title": "a", "completed": False}, "set": {"title": "b", "completed": True}}
    [result] = push({"id": task["id"], **change})
    assert result["status"] == 200
    now = result["task"]
    assert (now["title"], now["completed"], now["tags"]) == ("b", True, ["x"])
    assert now["revision"] == task["revision"] + 1
    assert now["completed_at"] == now["updated_at"]
    assert client.get(f"{path}/{task['id']}").json == now


def test_what_is_so_already_is_done_and_writes_nothing(push, make_task, unchanged):
    task = make_task(title="b", completed=True)
    unchanged()
    change = {"was": {"title": "a", "completed": False}, "set": {"title": "b", "completed": True}}
    assert push({"id": task["id"], **change}) == [{"id": task["id"], "status": 200, "task": task}]
    unchanged()


def test_member_that_is_neither_is_a_conflict_and_nothing_is_done(push, make_task, unchanged):
    task = make_task(title="theirs", description="so already", priority="low")
    unchanged()
    change = {
        "was": {"title": "a", "description": "b", "priority": "low", "tags": ["a"]},
        "set": {"title": "c", "description": "so already", "priority": "high", "tags": ["b"]},
    }
    [result] = push({"id": task["id"], **change})
    assert (result["status"], result["task"]) == (409, task)
    assert result["errors"] == errors(CONFLICT, "set/title", "set/tags")
    unchanged()


def test_two_devices_that_change_different_members_both_win(push, make_task):
    task = make_task(title="a")
    push({"id": task["id"], "was": {"title": "a"}, "set": {"title": "b"}})
    [result] = push({"id": task["id"], "was": {"priority": "none"}, "set": {"priority": "high"}})
    assert (result["task"]["title"], result["task"]["priority"]) == ("b", "high")


def test_device_does_not_conflict_with_itself(push, make_task):
    task = make_task(title="a")
    for before, after in (("a", "b"), ("b", "c"), ("b", "c"), ("c", "a")):
        change = {"was": {"title": before}, "set": {"title": after}}
        [result] = push({"id": task["id"], **change})
        assert (result["status"], result["task"]["title"]) == (200, after)


@pytest.mark.parametrize("was", [{}, {"was": {}}, {"was": {"description": "other"}}])
def test_without_what_it_was_the_last_write_wins(push, make_task, was):
    task = make_task(title="theirs", description="d")
    [result] = push({"id": task["id"], **was, "set": {"title": "mine"}})
    assert (result["status"], result["task"]["title"]) == (200, "mine")


def test_whole_tasks_may_be_sent_as_they_are(push, make_task):
    task = make_task(title="a", due_at="2026-01-09T17:00:00Z")
    [result] = push({"id": task["id"], "was": task, "set": {**task, "title": "b"}})
    assert result["status"] == 200
    [again] = push({"id": task["id"], "was": task, "set": {**task, "title": "b"}})
    assert again == result


def test_devices_that_send_whole_tasks_both_win(push, make_task):
    task = make_task(title="a", due_at="2026-01-09T17:00:00Z")
    push({"id": task["id"], "was": task, "set": {**task, "due_at": None, "due_on": "2026-01-10"}})
    same = {**task, "due_at": "2026-01-09T18:00:00+01:00"}
    [result] = push({"id": task["id"], "was": task, "set": {**same, "title": "b"}})
    assert result["status"] == 200
    merged = [result["task"][name] for name in ("title", "due_at", "due_on")]
    assert merged == ["b", None, "2026-01-10"]


def test_member_that_is_set_to_what_it_was_stays_as_it_is_now(push, make_task, unchanged):
    task = make_task(title="theirs")
    unchanged()
    [result] = push({"id": task["id"], "was": {"title": "a"}, "set": {"title": "a"}})
    assert (result["status"], result["task"]) == (200, task)
    unchanged()


VALUES = {
    "the same moment at another offset": ("due_at", "2026-01-09T17:00Z", "2026-01-09T18:00+01:00"),
    "the same fraction": ("due_at", "2026-01-09T17:00:00.5Z", "2026-01-09T17:00:00.500000z"),
    "no due": ("due_at", None, None),
    "a day": ("due_on", "2026-01-09", "2026-01-09"),
    "a position": ("position", "a0V", "a0V"),
    "no description": ("description", None, None),
    "tags": ("tags", ["b", "a,{}", '"'], ["b", "a,{}", '"']),
    "no tags": ("tags", [], []),
    "priority": ("priority", "high", "high"),
    "text": ("description", "é\\'%", "é\\'%"),
}
OTHERS = {
    "another moment": ("due_at", "2026-01-09T17:00Z", "2026-01-09T17:00+01:00"),
    "a microsecond": ("due_at", "2026-01-09T17:00:00.000001Z", "2026-01-09T17:00Z"),
    "a due": ("due_at", "2026-01-09T17:00Z", None),
    "another day": ("due_on", "2026-01-09", "2026-01-10"),
    "another position": ("position", "a0v", "a0V"),
    "an empty description": ("description", "", None),
    "the order of tags": ("tags", ["a", "b"], ["b", "a"]),
    "the case": ("description", "a", "A"),
    "a combining accent": ("description", "é", "e\u0301"),
    "priority": ("priority", "high", "medium"),
}
TO = {
    "due_at": "2027-01-01T00:00:00Z",
    "due_on": "2027-01-01",
    "description": "to",
    "tags": ["to"],
    "priority": "low",
    "position": "to",
}


def full(value):
    """Write the seconds, which the table leaves out."""
    return value.replace("17:00Z", "17:00:00Z").replace(":00+01", ":00:00+01") if value else value


@pytest.mark.parametrize(("name", "present", "was"), VALUES.values(), ids=VALUES)
def test_values_are_compared_as_what_they_mean(push, make_task, unchanged, name, present, was):
    if name == "due_at":
        present, was = full(present), full(was)
    task = make_task(**{name: present})
    unchanged()
    so = {"id": task["id"], "was": {name: TO[name]}, "set": {name: was}}
    assert push(so) == [{"id": task["id"], "status": 200, "task": task}]
    unchanged()
    [result] = push({"id": task["id"], "was": {name: was}, "set": {name: TO[name]}})
    assert (result["status"], result["task"][name]) == (200, TO[name])


@pytest.mark.parametrize(("name", "present", "was"), OTHERS.values(), ids=OTHERS)
def test_values_that_differ_are_a_conflict(push, make_task, name, present, was):
    if name == "due_at":
        present, was = full(present), full(was)
    task = make_task(**{name: present})
    [result] = push({"id": task["id"], "was": {name: was}, "set": {name: TO[name]}})
    assert (result["status"], result["task"]) == (409, task)


def test_completion_has_its_time_once(push, make_task):
    task = make_task()
    [done] = push({"id": task["id"], "set": {"completed": True}})
    [again] = push({"id": task["id"], "set": {"completed": True, "title": "other"}})
    assert again["task"]["completed_at"] == done["task"]["completed_at"]
    assert again["task"]["revision"] > done["task"]["revision"]
    [reopened] = push({"id": task["id"], "was": {"completed": True}, "set": {"completed": False}})
    assert reopened["task"]["completed_at"] is None


def test_change_of_nothing_asks_for_the_task(push, make_task, unchanged):
    task = make_task()
    unchanged()
    assert push({"id": task["id"]}) == [{"id": task["id"], "status": 200, "task": task}]
    unchanged()


# The trash.


def test_deletion_moves_to_the_trash_once(push, make_task, trash, unchanged):
    task = make_task(title="a")
    change = {"id": task["id"], "deleted": True}
    [result] = push(change)
    tombstone = {"id": task["id"], "revision": task["revision"] + 1, "deleted": True}
    assert result == {"id": task["id"], "status": 200, "tombstone": tombstone}
    assert [each["title"] for each in trash()] == ["a"]
    unchanged()
    assert push(change) == [result]
    unchanged()


def test_deletion_may_come_with_a_change(push, make_task, trash, unchanged):
    task = make_task(title="a")
    change = {"was": {"title": "a"}, "set": {"title": "b"}, "deleted": True}
    [result] = push({"id": task["id"], **change})
    assert (result["status"], "tombstone" in result) == (200, True)
    assert [each["title"] for each in trash()] == ["b"]
    unchanged()
    assert push({"id": task["id"], **change}) == [result]
    [conflict] = push({"id": task["id"], **change, "set": {"title": "c"}})
    assert (conflict["status"], conflict["tombstone"]) == (409, result["tombstone"])
    unchanged()


def test_task_that_is_changed_in_the_trash_is_there_no_longer(push, database, make_task):
    task = make_task(title="a")
    push({"id": task["id"], "deleted": True})
    since = sa.text("SELECT deleted_at, revision FROM tasks WHERE id = :id")
    before = database.execute(since, {"id": task["id"]}).one()
    [result] = push({"id": task["id"], "set": {"title": "b"}, "deleted": True})
    after = database.execute(since, {"id": task["id"]}).one()
    assert (result["status"], after.revision) == (200, before.revision + 1)
    assert after.deleted_at == before.deleted_at


def test_task_is_restored_and_changed(push, client, path, make_task):
    task = make_task(title="a")
    client.delete(f"{path}/{task['id']}")
    change = {"was": {"title": "a"}, "set": {"title": "b"}, "deleted": False}
    [result] = push({"id": task["id"], **change})
    assert (result["status"], result["task"]["title"]) == (200, "b")
    assert client.get(f"{path}/{task['id']}").json == result["task"]
    assert push({"id": task["id"], "deleted": False}) == [result]


def test_task_that_is_restored_otherwise_is_as_it_was(push, client, path, make_task):
    task = make_task(title="a", completed=True)
    client.delete(f"{path}/{task['id']}")
    [result] = push({"id": task["id"], "deleted": False})
    written = {name: result["task"][name] for name in ("revision", "updated_at")}
    assert result["task"] == {**task, **written}


def test_task_with_a_conflict_stays_in_the_trash(push, client, path, make_task, unchanged):
    task = make_task(title="a")
    client.delete(f"{path}/{task['id']}")
    unchanged()
    change = {"was": {"title": "x"}, "set": {"title": "b"}, "deleted": False}
    [result] = push({"id": task["id"], **change})
    assert (result["status"], "tombstone" in result) == (409, True)
    unchanged()


@pytest.mark.parametrize(
    "change",
    [
        {"was": {"title": "a"}, "set": {"title": "b"}},
        {"was": {"title": "x"}, "set": {"title": "b"}},
        {"set": {"title": "a"}},
        {"was": None, "set": {"title": "a"}},
        {},
    ],
)
def test_change_of_what_is_in_the_trash_is_a_410(push, client, path, make_task, unchanged, change):
    task = make_task(title="a")
    client.delete(f"{path}/{task['id']}")
    unchanged()
    assert push({"id": task["id"], **change}) == [
        {
            "id": task["id"],
            "status": 410,
            "tombstone": {"id": task["id"], "revision": 2, "deleted": True},
            "errors": errors(IN_TRASH, "id"),
        }
    ]
    unchanged()


@pytest.mark.parametrize(
    "change",
    [{"set": {"title": "b"}}, {"was": {}, "set": {}}, {"deleted": True}, {"deleted": False}, {}],
)
def test_change_of_what_is_not_there_is_a_404(push, client, path, unchanged, change):
    theirs = client.post(f"/api/{uuid4()}/tasks", json={"title": "theirs"}).json["id"]
    unchanged()
    for number, id_ in enumerate((str(uuid4()), theirs)):
        result = push({"id": str(uuid4())}, {"id": id_, **change})[1]
        assert result == {"id": id_, "status": 404, "errors": errors(ABSENT, "id", number=1)}, (
            number
        )
    unchanged()


def test_id_of_another_user_is_another_task(push, client):
    theirs = client.post(f"/api/{uuid4()}/tasks", json={"title": "theirs"}).json
    [result] = push({"id": theirs["id"], "was": None, "set": {"title": "mine"}})
    assert (result["status"], result["task"]["title"]) == (201, "mine")


# Many changes.


def test_changes_are_done_in_the_order_given_each_with_its_revision(push, client, where, make_task):
    task = make_task(title="a")
    new = [{"id": str(uuid4()), "was": None, "set": {"title": str(n)}} for n in range(3)]
    results = push(new[0], {"id": task["id"], "set": {"title": "b"}}, *new[1:])
    assert [result["task"]["revision"] for result in results] == [2, 3, 4, 5]
    feed = client.get(where, query_string={"since": 1}).json["changes"]
    assert feed == [result["task"] for result in results]


def test_answer_has_the_counter_at_the_end(client, path, where, make_task):
    task = make_task()
    for changes in (
        [{"id": task["id"], "set": {"title": "b"}}],
        [{"id": task["id"], "set": {"title": "b"}}, {"id": str(uuid4()), "deleted": True}],
        [{"id": "x"}],
    ):
        answer = client.post(where, json={"changes": changes})
        assert entity_tag(answer.json["revision"]) == client.get(path).headers["ETag"]
        assert answer.json["revision"] == 2


def test_push_that_writes_nothing_makes_no_user(push, client, where, database, user):
    answer = client.post(where, json={"changes": [{"id": str(uuid4()), "deleted": True}]})
    assert answer.json["revision"] == 0
    count = sa.text("SELECT count(*) FROM users WHERE id = :user")
    assert database.scalar(count, {"user": user}) == 0


def test_change_that_cannot_be_done_does_not_hold_up_the_others(push, client, path, make_task):
    conflicting, gone, wrong = make_task(title="x"), make_task(), make_task(title="w")
    client.delete(f"{path}/{gone['id']}")
    new = str(uuid4())
    results = push(
        {"id": conflicting["id"], "was": {"title": "a"}, "set": {"title": "b"}},
        {"id": str(uuid4()), "deleted": True},
        {"id": gone["id"], "set": {"title": "b"}},
        {"id": wrong["id"], "set": {"title": "", "color": "red"}},
        {"id": new, "was": None, "set": {"title": "new"}},
    )
    assert [result["status"] for result in results] == [409, 404, 410, 422, 201]
    assert sorted(task["title"] for task in client.get(path).json) == ["new", "w", "x"]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"set": {"title": ""}}, "set/title"),
        ({"set": {"title": None}}, "set/title"),
        ({"set": {"tags": ["a", "a"]}}, "set/tags/1"),
        ({"set": {"color": "red"}}, "set/color"),
        ({"set": "x"}, "set"),
        ({"set": None}, "set"),
        ({"was": {"due_at": "2026-01-09"}, "set": {}}, "was/due_at"),
        ({"was": [], "set": {}}, "was"),
        ({"deleted": "yes"}, "deleted"),
        ({"deleted": None}, "deleted"),
        ({"title": "x"}, "title"),
    ],
)
def test_change_that_is_not_acceptable_is_a_422_with_the_task(
    push, client, path, make_task, unchanged, change, place
):
    task, gone = make_task(), make_task()
    client.delete(f"{path}/{gone['id']}")
    unchanged()
    for id_ in (task["id"], gone["id"], str(uuid4())):
        first, result = push({"id": str(uuid4())}, {"id": id_, **change})
        assert (first["status"], result["id"], result["status"]) == (404, id_, 422)
        assert [error["pointer"] for error in result["errors"]] == [f"#/changes/1/{place}"]
        assert result.get("task") == (task if id_ == task["id"] else None)
        assert result.get("tombstone", {}).get("id") == (gone["id"] if id_ == gone["id"] else None)
    unchanged()


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"id": "x", "set": {"title": "y"}}, "/id"),
        ({"id": None}, "/id"),
        ({"id": 5}, "/id"),
        ({"id": "00000000-0000-0000-0000-000000000000"}, "/id"),
        ({"set": {"title": "y"}}, "/id"),
        (5, ""),
        (None, ""),
        ([], ""),
        ("x", ""),
    ],
)
def test_change_without_an_id_is_a_422_of_its_own(push, make_task, change, place):
    task = make_task()
    result, other = push(change, {"id": task["id"], "set": {"title": "done"}})
    assert (result["id"], result["status"]) == (None, 422)
    assert [error["pointer"] for error in result["errors"]] == [f"#/changes/0{place}"]
    assert "task" not in result
    assert (other["status"], other["task"]["title"]) == (200, "done")


DUES = "due_on and due_at exclude each other: send the other one as null."


def test_two_dues_at_once_are_a_422(push):
    dues = {"due_on": "2026-01-09", "due_at": "2026-01-09T17:00:00Z"}
    [new, other] = push(
        {"id": str(uuid4()), "was": None, "set": {"title": "x", **dues}},
        {"id": str(uuid4()), "set": dues},
    )
    assert (new["status"], new["errors"]) == (422, errors(DUES, "set/due_on"))
    assert (other["status"], other["errors"]) == (422, errors(DUES, "set/due_on", number=1))


def test_due_beside_another_that_is_set_already_is_a_422_with_the_task(push, make_task, unchanged):
    task = make_task(due_at="2026-01-09T17:00:00Z")
    unchanged()
    change = {"id": task["id"], "set": {"title": "other", "due_on": "2026-01-09"}}
    first, result = push({"id": str(uuid4())}, change)
    assert (first["status"], result["status"], result["task"]) == (404, 422, task)
    assert result["errors"] == errors(DUES, "set/due_on", number=1)
    unchanged()
    change["set"]["due_at"] = None
    [result] = push(change)
    assert (result["status"], result["task"]["due_on"]) == (200, "2026-01-09")


def test_errors_of_a_change_are_at_most_twenty(push):
    [result] = push({"id": str(uuid4()), **{f"member{n}": n for n in range(30)}})
    assert len(result["errors"]) == 21


ID = str(uuid4())


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ([], "#"),
        ({}, "#/changes"),
        ({"changes": None}, "#/changes"),
        ({"changes": {}}, "#/changes"),
        ({"changes": []}, "#/changes"),
        ({"changes": [{"id": ID}] * 101}, "#/changes"),
        ({"changes": [{"id": ID}, {"id": str(uuid4())}, {"id": ID}]}, "#/changes/2/id"),
        ({"changes": [{"id": ID}, {"id": ID.upper(), "set": 5}]}, "#/changes/1/id"),
        ({"changes": [{"id": ID}], "device": "a"}, "#/device"),
    ],
)
def test_what_is_no_push_is_refused_as_a_whole(client, path, where, statements, body, pointer):
    answer = client.post(where, json=body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]
    assert statements == []


def test_largest_push_is_done(push, make_task):
    whole = make_task(title="é" * 255, tags=[f"{n:02}" + "x" * 48 for n in range(20)])
    ids = [str(uuid4()) for _ in range(100)]
    results = push(*({"id": id_, "was": whole, "set": whole} for id_ in ids))
    assert [result["status"] for result in results] == [404] * 100
    results = push(*({"id": id_, "was": None, "set": whole} for id_ in ids))
    assert [result["status"] for result in results] == [201] * 100


def test_push_may_be_as_large_as_a_batch_and_no_larger(client, where, path):
    change = {"id": str(uuid4()), "was": None, "set": {"title": "x", "description": "é" * 2000}}
    changes = [{**change, "id": str(uuid4())} for _ in range(100)]
    assert client.post(where, json={"changes": changes}).status_code == 200
    assert client.post(path, json={"changes": changes}).status_code == 413
    answer = client.post(where, json={"changes": [{"id": "x" * (1 << 20)}]})
    assert answer.status_code == 413


def test_each_change_is_one_statement(push, make_task, statements):
    task, other = make_task(), make_task()
    statements.clear()
    push(
        {"id": task["id"], "set": {"title": "b"}},
        {"id": str(uuid4()), "was": None, "set": {"title": "b"}},
        {"id": other["id"], "was": {"title": "x"}, "set": {"title": "y"}},
        {"id": str(uuid4()), "deleted": True},
        {"id": str(uuid4()), "set": 5},
        {"id": 5},
    )
    assert len(statements) == 6


# What the database does meanwhile.


def test_of_twelve_devices_that_create_the_same_task_one_makes_it(app, client, path, where):
    new = {"id": str(uuid4()), "was": None, "set": {"title": "x"}}
    answers = race(12, lambda _: app.test_client().post(where, json={"changes": [new]}))
    results = [answer.json["results"][0] for answer in answers]
    assert sorted(result["status"] for result in results) == [200] * 11 + [201]
    assert [result["task"] for result in results] == client.get(path).json * 12


def test_of_twelve_devices_that_change_the_same_member_one_wins(
    app, client, path, where, make_task
):
    task = make_task(title="a")

    def change(number):
        changes = [{"id": task["id"], "was": {"title": "a"}, "set": {"title": str(number)}}]
        return app.test_client().post(where, json={"changes": changes}).json["results"][0]

    results = race(12, change)
    assert sorted(result["status"] for result in results) == [200] + [409] * 11
    [won] = [number for number, result in enumerate(results) if result["status"] == 200]
    now = client.get(f"{path}/{task['id']}").json
    assert now["title"] == str(won)
    assert all(result["task"] == now for result in results)


def test_of_devices_that_change_different_members_all_win(app, client, path, where, make_task):
    task = make_task(title="a")
    wishes = {
        "title": "b",
        "description": "b",
        "completed": True,
        "due_at": "2026-01-09T17:00:00Z",
        "priority": "high",
        "tags": ["b"],
    }

    def change(number):
        name, value = [*wishes.items()][number]
        changes = [{"id": task["id"], "was": {name: task[name]}, "set": {name: value}}]
        answer = app.test_client().post(where, json={"changes": changes})
        return answer.json["results"][0]["status"]

    assert race(6, change) == [200] * 6
    now = client.get(f"{path}/{task['id']}").json
    assert {name: now[name] for name in wishes} == wishes
    assert now["revision"] == 7


def test_twelve_whole_pushes_at_once_are_as_one(app, client, path, where):
    changes = [
        {"id": str(uuid4()), "was": None, "set": {"title": str(number)}} for number in range(10)
    ]

    def send(number):
        rotated = changes[number % 10 :] + changes[: number % 10]
        answer = app.test_client().post(where, json={"changes": rotated})
        return [result["status"] for result in answer.json["results"]]

    statuses = [status for statuses in race(12, send) for status in statuses]
    assert (statuses.count(201), statuses.count(200)) == (10, 110)
    assert len(client.get(path).json) == 10


SET = "UPDATE tasks SET title = :title, revision = 10 WHERE user_id = :user AND id = :id"
TRASH = "UPDATE tasks SET deleted_at = now(), revision = 10 WHERE user_id = :user AND id = :id"
REMOVE = "DELETE FROM tasks WHERE user_id = :user AND id = :id"
COUNT = "UPDATE users SET revision = 10 WHERE id = :user"


@pytest.mark.parametrize(
    ("meanwhile", "status", "state"),
    [
        ({"act": SET, "title": "theirs"}, 409, "task"),
        ({"act": SET, "title": "mine"}, 200, "task"),
        ({"act": SET, "title": "a"}, 200, "task"),
        ({"act": TRASH}, 410, "tombstone"),
        ({"act": REMOVE}, 404, None),
    ],
    ids=["to something else", "to the same", "and not the member", "to the trash", "and is purged"],
)
def test_task_that_changes_while_a_change_waits_is_decided_as_it_is_then(
    client, database, path, where, user, make_task, meanwhile, status, state
):
    task = make_task(title="a")
    change = {"id": task["id"], "was": {"title": "a"}, "set": {"title": "mine"}}
    act = meanwhile.pop("act")
    answer = while_it_waits(
        *(database, user, lambda: client.post(where, json={"changes": [change]}), act, COUNT),
        id=task["id"],
        **meanwhile,
    )
    [result] = answer.json["results"]
    assert result["status"] == status
    assert result.keys() & {"task", "tombstone"} == ({state} if state else set())
    if state == "task":
        assert client.get(f"{path}/{task['id']}").json == result["task"]


def test_task_that_is_made_while_a_creation_waits_is_compared(
    client, database, where, user, make_task
):
    make_task()
    new = {"id": str(uuid4()), "was": None, "set": {"title": "mine"}}
    insert = "INSERT INTO tasks (user_id, id, title, revision) VALUES (:user, :id, 'theirs', 10)"
    answer = while_it_waits(
        *(database, user, lambda: client.post(where, json={"changes": [new]}), insert, COUNT),
        id=new["id"],
    )
    [result] = answer.json["results"]
    assert (result["status"], result["task"]["title"]) == (409, "theirs")


def test_task_that_is_purged_while_its_creation_waits_is_made(
    client, database, path, where, user, make_task
):
    task = make_task(title="x")
    client.delete(f"{path}/{task['id']}")
    new = {"id": task["id"], "was": None, "set": {"title": "x"}, "deleted": False}
    answer = while_it_waits(
        *(database, user, lambda: client.post(where, json={"changes": [new]}), REMOVE, COUNT),
        id=task["id"],
    )
    [result] = answer.json["results"]
    assert (result["status"], result["task"]["title"]) == (201, "x")


@pytest.fixture
def purge(app, user):
    """Remove for good what the user has in the trash."""

    def remove():
        with app.app_context():
            execute(PURGE, user_id=user, age=timedelta(0))

    return remove


def test_id_that_was_purged_can_be_used_again(push, client, path, make_task, purge):
    task = make_task(title="x")
    client.delete(f"{path}/{task['id']}")
    purge()
    assert push({"id": task["id"], "deleted": False})[0]["status"] == 404
    [result] = push({"id": task["id"], "was": None, "set": {"title": "y"}})
    assert (result["status"], result["task"]["title"]) == (201, "y")


@pytest.fixture
def hasty(database_url):
    """A client of an application whose statements may take half a second."""
    return create_app(Config(database_url=database_url, statement_timeout_ms=500)).test_client()


def test_push_that_the_database_cannot_finish_says_what_is_to_be_sent_again(
    hasty, client, database, path, where, user, make_task
):
    task, other = make_task(title="a"), make_task(title="a")
    changes = [
        {"id": task["id"], "was": {"title": "x"}, "set": {"title": "y"}},
        {"id": other["id"], "set": {"title": "b"}},
        {"id": "x"},
    ]
    with transaction(database) as holder:
        holder.execute(sa.text("SELECT 1 FROM users WHERE id = :user FOR UPDATE"), {"user": user})
        answer = hasty.post(where, json={"changes": changes})
    assert answer.status_code == 200
    assert answer.json["revision"] == 2
    assert [result["status"] for result in answer.json["results"]] == [409, 503, 503]
    assert [result["id"] for result in answer.json["results"]] == [task["id"], other["id"], None]
    places = [result["errors"][0]["pointer"] for result in answer.json["results"][1:]]
    assert places == ["#/changes/1", "#/changes/2"]
    again = client.post(where, json={"changes": changes}).json["results"]
    assert [result["status"] for result in again] == [409, 200, 422]


def test_push_of_which_nothing_can_be_done_is_a_503(hasty, database, where, user, make_task):
    task = make_task()
    with transaction(database) as holder:
        holder.execute(sa.text("SELECT 1 FROM users WHERE id = :user FOR UPDATE"), {"user": user})
        answer = hasty.post(where, json={"changes": [{"id": task["id"], "set": {"title": "b"}}]})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


def test_push_takes_no_longer_than_a_statement_may_and_a_repeat_gets_on(own_database, where):
    """Each new task takes 100 ms here, and all of them together a second."""
    with connect(own_database) as connection:
        connection.execute(
            sa.text(
                "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS "
                "'BEGIN PERFORM pg_sleep(0.1); RETURN NEW; END'"
            )
        )
        connection.execute(
            sa.text(
                "CREATE TRIGGER wait BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION wait()"
            )
        )
    client = create_app(Config(database_url=own_database, statement_timeout_ms=1000)).test_client()
    changes = [
        {"id": str(uuid4()), "was": None, "set": {"title": str(number)}} for number in range(20)
    ]
    for _ in range(100):
        answer = client.post(where, json={"changes": changes})
        statuses = [result["status"] for result in answer.json["results"]]
        served = [status for status in statuses if status != 503]
        assert statuses == served + [503] * (len(changes) - len(served))
        # The last one may begin just in time.
        assert statuses.count(201) <= 11
        if served == [200] * len(changes):
            break
    assert statuses == [200] * len(changes)


def test_change_that_would_break_a_rule_is_refused_and_holds_up_no_other(client, make_task, user):
    timed, other = make_task(due_at="2026-01-09T17:00:00Z"), make_task()
    changes = [
        {"id": timed["id"], "set": {"title": "x", "due_on": "2026-01-09"}},
        {"id": other["id"], "set": {"due_on": "2026-01-09"}},
    ]
    answer = client.post(f"/api/{user}/changes", json={"changes": changes})
    refused, done = answer.json["results"]
    assert (refused["status"], refused["task"]) == (422, timed)
    assert [error["pointer"] for error in refused["errors"]] == ["#/changes/0/set/due_on"]
    assert (done["status"], done["task"]["due_on"]) == (200, "2026-01-09")


# Tasks that recur.

NEEDS_DUE = "A recurrence needs due_on or due_at: send one of them, or recurrence as null."
DAILY = {"title": "x", "due_on": "2026-01-09", "recurrence": "FREQ=DAILY"}


def next_id(task) -> str:
    return str(uuid5(UUID(task["id"]), "next"))


@pytest.mark.parametrize("was", [{"completed": False}, {}])
def test_completion_of_what_recurs_makes_one_next_task_however_often_it_is_sent(
    push, client, path, make_task, was
):
    task = make_task(**DAILY)
    change = {"id": task["id"], "was": was, "set": {"completed": True, "title": "y"}}
    [first], [repeated] = push(change), push(change)
    assert first == repeated
    assert first["status"] == 200
    done = first["task"]
    assert (done["completed"], done["title"], done["next_task_id"]) == (True, "y", next_id(task))
    following = client.get(f"{path}/{next_id(task)}").json
    assert (following["completed"], following["title"]) == (False, "y")
    assert client.get(path).json == [following, done]


def test_task_that_recurs_and_was_completed_offline_makes_the_next(push, client, path):
    change = {"id": str(uuid4()), "was": None, "set": {**DAILY, "completed": True}}
    [first], [repeated] = push(change), push(change)
    assert (first["status"], repeated["status"]) == (201, 200)
    assert first["task"] == repeated["task"]
    assert first["task"]["next_task_id"] == next_id(change)
    assert {task["id"] for task in client.get(path).json} == {change["id"], next_id(change)}


def test_task_that_was_completed_offline_and_is_in_the_trash_makes_no_next(
    push, client, path, make_task
):
    task = make_task(**DAILY, id=str(uuid4()))
    client.delete(f"{path}/{task['id']}")
    for was in (None, {}):
        [result] = push({"id": task["id"], "was": was, "set": {**DAILY, "completed": True}})
        assert result["status"] == 410
    assert client.get(path).json == []


def test_device_that_has_made_the_next_task_itself_has_one(push, client, path, make_task):
    task = make_task(**DAILY)
    made, done = push(
        {"id": next_id(task), "was": None, "set": {**DAILY, "due_on": "2026-01-10"}},
        {"id": task["id"], "was": {"completed": False}, "set": {"completed": True}},
    )
    assert done["task"]["next_task_id"] == made["task"]["id"]
    assert client.get(path).json == [made["task"], done["task"]]


def test_task_that_is_completed_and_deleted_makes_the_next(push, client, path, make_task, trash):
    task = make_task(**DAILY)
    [result] = push({"id": task["id"], "set": {"completed": True}, "deleted": True})
    assert (result["status"], "tombstone" in result) == (200, True)
    assert [each["id"] for each in client.get(path).json] == [next_id(task)]
    assert [each["completed"] for each in trash()] == [True]


def test_task_that_is_restored_and_completed_makes_the_next(push, client, path, make_task):
    task = make_task(**DAILY)
    client.delete(f"{path}/{task['id']}")
    change = {"id": task["id"], "set": {"completed": True, "title": "y"}, "deleted": False}
    [result] = push(change)
    assert (result["status"], result["task"]["title"]) == (200, "y")
    assert result["task"]["next_task_id"] == next_id(task)
    assert {each["id"] for each in client.get(path).json} == {task["id"], next_id(task)}


def test_task_that_is_completed_in_the_trash_makes_the_next(push, client, path, make_task, trash):
    task = make_task(**DAILY)
    client.delete(f"{path}/{task['id']}")
    [result] = push({"id": task["id"], "set": {"completed": True}, "deleted": True})
    assert result["status"] == 200
    assert [each["id"] for each in client.get(path).json] == [next_id(task)]
    assert [(each["id"], each["completed"]) for each in trash()] == [(task["id"], True)]


def test_recurrence_comes_to_a_task_that_has_a_due(push, make_task):
    task, other = make_task(due_on="2026-01-09"), make_task()
    given = {"recurrence": "FREQ=DAILY"}
    done, refused = push({"id": task["id"], "set": given}, {"id": other["id"], "set": given})
    assert (done["status"], done["task"]["recurrence"]) == (200, "FREQ=DAILY")
    assert (refused["status"], refused["task"]) == (422, other)
    assert refused["errors"] == errors(NEEDS_DUE, "set/recurrence", number=1)


def test_conflict_over_what_recurs_makes_no_next_task(push, client, path, make_task):
    task = make_task(**DAILY)
    was, given = {"completed": False, "title": "other"}, {"completed": True, "title": "y"}
    [result] = push({"id": task["id"], "was": was, "set": given})
    assert (result["status"], result["task"]) == (409, task)
    assert client.get(path).json == [task]


@pytest.mark.parametrize("was", [None, {}])
def test_completion_with_members_that_do_not_go_together_is_a_422(push, make_task, was):
    task = make_task(**DAILY)
    id_ = task["id"] if was is not None else str(uuid4())
    given = {"title": "x", "completed": True, "due_on": None, "recurrence": "FREQ=DAILY"}
    [result] = push({"id": id_, "was": was, "set": given})
    assert result["status"] == 422
    assert result["errors"] == errors(NEEDS_DUE, "set/recurrence")


def test_pushes_of_one_completion_at_once_make_one_next_task(app, client, path, where, make_task):
    task = make_task(**DAILY)
    change = {"id": task["id"], "was": {"completed": False}, "set": {"completed": True}}
    answers = race(8, lambda _: app.test_client().post(where, json={"changes": [change]}))
    assert [answer.json["results"][0]["status"] for answer in answers] == [200] * 8
    assert {each["id"] for each in client.get(path).json} == {task["id"], next_id(task)}
