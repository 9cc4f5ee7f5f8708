"""The six operations, as a client sees them, and the one statement that each of them is."""

import itertools
import re
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from tools.racing import race


def test_created_task_has_every_member_and_a_place(client, path, user):
    response = client.post(path, json={"title": "Buy milk"})

    assert response.status_code == 201
    task = response.json
    assert response.headers["Location"] == f"{path}/{task['id']}"
    assert {**task, "id": None, "created_at": None, "updated_at": None} == {
        "id": None,
        "user_id": user,
        "title": "Buy milk",
        "description": None,
        "completed": False,
        "completed_at": None,
        "due_at": None,
        "due_on": None,
        "time_zone": None,
        "recurrence": None,
        "next_task_id": None,
        "priority": "none",
        "tags": [],
        "position": None,
        "revision": 1,
        "created_at": None,
        "updated_at": None,
    }
    assert UUID(task["id"]).version == 7


def test_timestamps_are_rfc_3339_in_utc_by_the_database_clock(make_task):
    before = datetime.now(UTC)
    task = make_task()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z", task["created_at"])
    assert task["created_at"] == task["updated_at"]
    assert before <= datetime.fromisoformat(task["created_at"]) <= datetime.now(UTC)


def test_got_task_is_the_one_that_was_created(client, path, make_task):
    task = make_task(description="Two cartons", completed=True)
    assert client.get(f"{path}/{task['id']}").json == task


def test_upper_case_ids_in_a_path_name_the_same_task(client, user, make_task):
    task = make_task()
    assert client.get(f"/api/{user.upper()}/tasks/{task['id'].upper()}").json == task


def test_list_of_a_user_who_never_wrote_is_empty_and_makes_no_user(client, database, path, user):
    assert client.get(path).json == []
    assert not database.scalar(sa.text("SELECT 1 FROM users WHERE id = :id"), {"id": user})


def test_list_is_newest_first(client, path, make_task):
    tasks = [make_task(title=str(number)) for number in range(5)]
    assert client.get(path).json == tasks[::-1]


def test_offset_and_limit_cut_a_page_out_of_the_list(client, path, make_task):
    tasks = [make_task(title=str(number)) for number in range(5)][::-1]
    assert client.get(path, query_string={"offset": 1, "limit": 3}).json == tasks[1:4]


def test_fifty_tasks_are_listed_unless_told_otherwise(client, path, make_task):
    for _ in range(51):
        make_task()
    assert len(client.get(path).json) == 50


def test_past_the_end_of_the_list_is_nothing(client, path, make_task):
    make_task()
    assert client.get(path, query_string={"offset": 10**9}).json == []


def test_completed_filters_the_list(client, path, make_task):
    done, todo = make_task(completed=True), make_task()
    assert client.get(path, query_string={"completed": "true"}).json == [done]
    assert client.get(path, query_string={"completed": "false"}).json == [todo]


def test_put_sets_what_is_present_and_keeps_what_is_absent(client, path, make_task):
    task = make_task(description="Two cartons")
    changed = client.put(f"{path}/{task['id']}", json={"title": "Buy tea", "completed": True})
    assert changed.status_code == 200
    now = changed.json["updated_at"]
    assert now > task["updated_at"]
    expected = {"title": "Buy tea", "completed": True, "completed_at": now, "updated_at": now}
    assert changed.json == {**task, **expected, "revision": 2}


def test_put_of_null_clears_the_description(client, path, make_task):
    task = make_task(description="Two cartons")
    assert (
        client.put(f"{path}/{task['id']}", json={"description": None}).json["description"] is None
    )


def test_put_of_nothing_changes_nothing_not_even_the_revision(client, path, make_task):
    task = make_task()
    assert client.put(f"{path}/{task['id']}", json={}).json == task
    assert client.get(f"{path}/{task['id']}").json == task


def test_a_task_may_be_sent_back_as_it_was_got(client, path, make_task):
    task = make_task(description="Two cartons")
    changed = client.put(f"{path}/{task['id']}", json=task).json
    read_only = {"revision": 2, "updated_at": changed["updated_at"]}
    assert changed == {**task, **read_only}


def test_read_only_members_of_a_new_task_are_ignored(client, path, user, make_task):
    task = make_task()
    del task["id"]
    other = make_task(**{**task, "user_id": str(uuid4()), "revision": 999, "title": "Another"})
    assert (other["user_id"], other["revision"], other["title"]) == (user, 2, "Another")


@pytest.mark.parametrize("body", [{}, {"json": {}}])
def test_complete_without_a_wish_flips(client, path, make_task, body):
    task = make_task()
    flips = [client.patch(f"{path}/{task['id']}/complete", **body).json for _ in range(2)]
    assert [flip["completed"] for flip in flips] == [True, False]


@pytest.mark.parametrize("wish", [True, False])
def test_complete_with_a_wish_sets_and_can_be_repeated(client, path, make_task, wish):
    task = make_task()
    for _ in range(2):
        answer = client.patch(f"{path}/{task['id']}/complete", json={"completed": wish})
        assert answer.json["completed"] is wish


def test_deleted_task_is_gone(client, path, make_task):
    task, other = make_task(), make_task()
    response = client.delete(f"{path}/{task['id']}")
    assert (response.status_code, response.data) == (204, b"")
    assert "Content-Type" not in response.headers
    assert client.get(f"{path}/{task['id']}").status_code == 404
    assert client.get(path).json == [other]


OPERATIONS = {
    "get": ("get", "", None),
    "put": ("put", "", {"title": "x"}),
    "put of nothing": ("put", "", {}),
    "delete": ("delete", "", None),
    "toggle": ("patch", "/complete", None),
    "set": ("patch", "/complete", {"completed": True}),
}


@pytest.mark.parametrize(("method", "suffix", "body"), OPERATIONS.values(), ids=OPERATIONS)
def test_absent_and_foreign_tasks_are_the_same_404(client, make_task, method, suffix, body):
    task = make_task()
    stranger = f"/api/{uuid4()}/tasks"
    call = getattr(client, method)
    answers = [
        call(f"{stranger}/{task_id}{suffix}", json=body) for task_id in (task["id"], uuid4())
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    bodies = [{**answer.json, "request_id": None} for answer in answers]
    assert bodies[0] == bodies[1]
    assert client.get(f"/api/{task['user_id']}/tasks/{task['id']}").json == task


def test_a_refused_write_makes_no_user(client, database):
    stranger = str(uuid4())
    client.put(f"/api/{stranger}/tasks/{uuid4()}", json={"title": "x"})
    assert not database.scalar(sa.text("SELECT 1 FROM users WHERE id = :id"), {"id": stranger})


def test_every_write_takes_the_next_revision(client, path, make_task):
    task = make_task()
    one = f"{path}/{task['id']}"
    revisions = [
        task["revision"],
        make_task()["revision"],
        client.put(one, json={"title": "x"}).json["revision"],
        client.patch(f"{one}/complete").json["revision"],
        client.patch(f"{one}/complete", json={"completed": True}).json["revision"],
    ]
    assert revisions == [1, 2, 3, 4, 5]


def test_concurrent_flips_are_all_flips(app, path, make_task):
    task = make_task()

    def flip(_: int) -> list[int]:
        client, url = app.test_client(), f"{path}/{task['id']}/complete"
        return [client.patch(url).json["revision"] for _ in range(25)]

    revisions = itertools.chain.from_iterable(race(8, flip))
    now = app.test_client().get(f"{path}/{task['id']}").json
    assert (now["completed"], now["revision"]) == (False, 201)
    assert sorted(revisions) == list(range(2, 202))


def test_a_users_first_writes_may_race(app, path):
    tasks = race(8, lambda _: app.test_client().post(path, json={"title": "x"}).json)
    assert sorted(task["revision"] for task in tasks) == list(range(1, 9))


@pytest.mark.parametrize(
    ("method", "suffix", "body", "headers"),
    [
        ("post", "", {"title": "x"}, {}),
        ("post", "", {"title": "x"}, {"Idempotency-Key": "a"}),
        ("post", "/batch", [{"title": "x"}], {}),
        ("put", "/{id}", {"title": "x"}, {}),
        ("patch", "/{id}/complete", None, {}),
        ("delete", "/{id}", None, {}),
        ("delete", "?completed=true", None, {}),
    ],
)
def test_time_never_goes_back_for_a_user(
    client, database, path, make_task, method, suffix, body, headers
):
    task = make_task(completed=True)
    given = {"user": task["user_id"]}
    ahead = "UPDATE users SET written_at = '2100-01-01 00:00:00+00' WHERE id = :user"
    database.execute(sa.text(ahead), given)
    url = path + suffix.format(**task)
    assert getattr(client, method)(url, json=body, headers=headers).status_code < 300
    last = "SELECT updated_at FROM tasks WHERE user_id = :user ORDER BY revision DESC LIMIT 1"
    assert database.scalar(sa.text(last), given).year == 2100
    assert make_task()["created_at"] == "2100-01-01T00:00:00Z"


@pytest.mark.parametrize("title", ["x" * 255, "😀" * 255, " x ", "line\nbreak", "É"])
def test_titles_come_back_as_they_were_sent(make_task, title):
    assert make_task(title=title)["title"] == title


@pytest.mark.parametrize(
    ("members", "pointer", "detail"),
    [
        ({}, "#/title", "Missing data for required field."),
        ({"title": None}, "#/title", "Field may not be null."),
        ({"title": ""}, "#/title", "Shorter than minimum length 1."),
        ({"title": " \t\u2003"}, "#/title", "Must not be only white space."),
        ({"title": "x" * 256}, "#/title", "Longer than maximum length 255."),
        ({"title": "a\0b"}, "#/title", "Must not contain a NUL character."),
        ({"title": 5}, "#/title", "Not a valid string."),
        ({"title": "x", "description": "x" * 2001}, "#/description", None),
        ({"title": "x", "description": ["x"]}, "#/description", "Not a valid string."),
        ({"title": "x", "completed": "yes"}, "#/completed", "Must be true or false."),
        ({"title": "x", "completed": 1}, "#/completed", "Must be true or false."),
        ({"title": "x", "completed": None}, "#/completed", "Field may not be null."),
        ({"title": "x", "done": True}, "#/done", "There is no such member or parameter."),
        ({"title": "x", "a/b~c d": 1}, "#/a~1b~0c%20d", None),
    ],
)
def test_unacceptable_member_is_named(client, path, members, pointer, detail):
    response = client.post(path, json=members)
    assert response.status_code == 422
    [error] = response.json["errors"]
    assert error["pointer"] == pointer
    assert detail in (error["detail"], None)
    assert client.get(path).json == []


def test_every_unacceptable_member_is_named_at_once(client, path):
    errors = client.post(path, json={"completed": 1, "x": 1}).json["errors"]
    assert {error["pointer"] for error in errors} == {"#/title", "#/completed", "#/x"}


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=1.5", "limit"),
        ("limit=%2B5", "limit"),
        ("limit=+5", "limit"),
        ("limit=%D9%A3", "limit"),
        ("limit=", "limit"),
        ("limit=1_0", "limit"),
        ("limit=" + "9" * 5000, "limit"),
        ("offset=-1", "offset"),
        ("offset=1000000001", "offset"),
        ("offset=9223372036854775808", "offset"),
        ("completed=yes", "completed"),
        ("completed=True", "completed"),
        ("completed=1", "completed"),
        ("colour=red", "colour"),
        ("limit=5&limit=6", "limit"),
    ],
)
def test_unacceptable_parameter_is_named(client, path, query, parameter):
    response = client.get(f"{path}?{query}")
    assert response.status_code == 422
    assert [error["parameter"] for error in response.json["errors"]] == [parameter]


@pytest.mark.parametrize(("method", "suffix", "body"), OPERATIONS.values(), ids=OPERATIONS)
def test_parameter_of_an_operation_without_any_is_refused(
    client, path, make_task, method, suffix, body
):
    task = make_task()
    response = getattr(client, method)(f"{path}/{task['id']}{suffix}?force=true", json=body)
    assert response.status_code == 422
    assert response.json["errors"] == [
        {"detail": "There is no such member or parameter.", "parameter": "force"}
    ]
    assert client.get(f"{path}/{task['id']}").json == task


def test_each_write_has_a_time_of_its_own(client, path, make_task):
    first, second = make_task(), make_task()
    [third] = client.post(f"{path}/batch", json=[{"title": "x"}]).json
    changed = client.put(f"{path}/{first['id']}", json={"title": "y"}).json
    times = [first["created_at"], second["created_at"], third["created_at"], changed["updated_at"]]
    assert times == sorted(set(times))
