"""The trash, what comes back from it, and what is gone for good."""

from __future__ import annotations

from uuid import uuid4

import pytest
import sqlalchemy as sa
from racing import race, while_it_waits

from tasks_api.app import create_app
from tasks_api.config import Config


@pytest.fixture
def trash(client, path):
    return lambda: client.get(path, query_string={"deleted": "true"}).json


@pytest.fixture
def purge(app):
    def run(days: int) -> str:
        result = app.test_cli_runner().invoke(args=["tasks", "purge", "--days", str(days)])
        assert result.exit_code == 0, result.output
        return result.output

    return run


@pytest.fixture
def rows(database, user):
    """How many rows there are of the user's tasks, living or dead."""
    count = sa.text("SELECT count(*) FROM tasks WHERE user_id = :user")
    return lambda: database.scalar(count, {"user": user})


def test_deleted_task_keeps_its_content_in_the_trash(client, path, make_task, trash):
    task = make_task(description="x", tags=["a"], completed=True)
    client.delete(f"{path}/{task['id']}")
    [gone] = trash()
    assert gone == {**task, "revision": 2, "updated_at": gone["updated_at"]}


@pytest.mark.parametrize(
    ("method", "suffix"),
    [("get", ""), ("put", ""), ("patch", ""), ("delete", ""), ("patch", "/complete")],
)
def test_task_in_the_trash_is_a_404(client, path, make_task, trash, method, suffix):
    task = make_task()
    client.delete(f"{path}/{task['id']}")
    before = trash()
    answer = getattr(client, method)(f"{path}/{task['id']}{suffix}", json={})
    assert answer.status_code == 404
    assert trash() == before


def test_restored_task_is_as_it_was(client, path, make_task, trash):
    task = make_task(description="x", tags=["a"], completed=True)
    client.delete(f"{path}/{task['id']}")
    answer = client.post(f"{path}/{task['id']}/restore")
    assert answer.status_code == 200
    assert answer.headers["ETag"] == '"3"'
    assert answer.json == {**task, "revision": 3, "updated_at": answer.json["updated_at"]}
    assert client.get(path).json == [answer.json]
    assert trash() == []


def test_task_that_is_not_in_the_trash_cannot_be_restored(client, path, make_task):
    task = make_task()
    assert client.post(f"{path}/{task['id']}/restore").status_code == 409
    assert client.get(f"{path}/{task['id']}").json == task
    assert client.post(f"{path}/{uuid4()}/restore").status_code == 404


def test_task_is_restored_only_as_it_is_expected_to_be(client, path, make_task, trash):
    task = make_task()
    client.delete(f"{path}/{task['id']}")
    url = f"{path}/{task['id']}/restore"
    refused = client.post(url, headers={"If-Match": '"1"'})
    assert (refused.status_code, refused.headers["ETag"]) == (412, '"2"')
    assert len(trash()) == 1
    assert client.post(url, headers={"If-Match": '"2"'}).status_code == 200


def test_of_twelve_restorers_one_restores(app, client, path, make_task):
    task = make_task()
    client.delete(f"{path}/{task['id']}")
    url = f"{path}/{task['id']}/restore"
    statuses = race(12, lambda _: app.test_client().post(url).status_code)
    assert sorted(statuses) == [200] + [409] * 11


def test_completed_tasks_are_cleared_together(client, path, make_task, trash):
    open_task = make_task()
    done = [make_task(completed=True) for _ in range(3)]
    answer = client.delete(path, query_string={"completed": "true"})
    assert (answer.status_code, answer.json) == (200, {"deleted": 3, "has_more": False})
    assert client.get(path).json == [open_task]
    assert {task["id"] for task in trash()} == {task["id"] for task in done}
    assert sorted(task["revision"] for task in trash()) == [5, 6, 7]
    assert client.get(path).headers["ETag"] == '"7"'


def test_clearing_nothing_takes_no_revision(client, path, make_task):
    make_task()
    answer = client.delete(path, query_string={"completed": "true"})
    assert answer.json == {"deleted": 0, "has_more": False}
    assert client.get(path).headers["ETag"] == '"1"'
    assert client.delete(f"/api/{uuid4()}/tasks?completed=true").json == {
        "deleted": 0,
        "has_more": False,
    }


@pytest.mark.parametrize("query", ["", "completed=false", "completed=1", "completed=true&q=x"])
def test_list_is_not_wiped_by_accident(client, path, make_task, query):
    make_task(), make_task(completed=True)
    assert client.delete(f"{path}?{query}").status_code == 422
    assert len(client.get(path).json) == 2


REOPEN = (
    "UPDATE users SET revision = revision + 1 WHERE id = :user",
    "UPDATE tasks SET completed = false, revision = users.revision FROM users "
    "WHERE users.id = :user AND user_id = :user AND tasks.id = :task",
)


def test_clearing_spares_a_task_that_is_reopened_meanwhile(client, database, path, user, make_task):
    kept, gone = make_task(completed=True), make_task(completed=True)
    answer = while_it_waits(
        database, user, lambda: client.delete(f"{path}?completed=true"), *REOPEN, task=kept["id"]
    )
    assert answer.json == {"deleted": 1, "has_more": False}
    assert [task["id"] for task in client.get(path).json] == [kept["id"]]
    assert client.get(f"{path}/{gone['id']}").status_code == 404


def test_purge_removes_what_is_old_enough(client, database, user, path, make_task, purge, rows):
    old, young, live = make_task(), make_task(), make_task()
    for task in (old, young):
        client.delete(f"{path}/{task['id']}")
    age = sa.text("UPDATE tasks SET deleted_at = deleted_at - interval '30 days' WHERE id = :id")
    database.execute(age, {"id": old["id"]})
    assert purge(30).startswith("Removed ")
    assert rows() == 2
    assert client.post(f"{path}/{old['id']}/restore").status_code == 404
    assert client.post(f"{path}/{young['id']}/restore").status_code == 200
    assert client.get(f"{path}/{live['id']}").status_code == 200


def test_purge_of_nothing_takes_no_revision(client, path, make_task, purge):
    make_task()
    purge(0)
    assert client.get(path).headers["ETag"] == '"1"'


def test_purge_is_a_new_version_of_the_trash(client, path, make_task, purge):
    task = make_task()
    client.delete(f"{path}/{task['id']}")
    tag = client.get(f"{path}?deleted=true").headers["ETag"]
    purge(0)
    answer = client.get(f"{path}?deleted=true", headers={"If-None-Match": tag})
    assert (answer.status_code, answer.json) == (200, [])


MANY_IN_THE_TRASH = """
    WITH owner AS (
      INSERT INTO users (id, revision) SELECT id, 2500 FROM unnest(CAST(:users AS uuid[])) AS id
      RETURNING id)
    INSERT INTO tasks (user_id, id, title, revision, deleted_at)
    SELECT owner.id, gen_random_uuid(), 'x', n, now() FROM owner, generate_series(1, :number) AS n
"""


def test_purge_takes_as_many_statements_as_it_needs(database, user, purge, rows):
    database.execute(sa.text(MANY_IN_THE_TRASH), {"users": [user], "number": 2500})
    assert rows() == 2500
    purge(0)
    assert rows() == 0


def test_purge_goes_through_all_users(database, purge):
    users = [str(uuid4()) for _ in range(1100)]
    database.execute(sa.text(MANY_IN_THE_TRASH), {"users": users, "number": 1})
    purge(0)
    left = sa.text("SELECT count(*) FROM tasks WHERE user_id = ANY(CAST(:users AS uuid[]))")
    assert database.scalar(left, {"users": users}) == 0


def test_purge_may_run_twice_at_once_and_beside_traffic(app, path, rows, purge):
    client = app.test_client()
    client.post(f"{path}/batch", json=[{"title": "x", "completed": True}] * 100)
    client.delete(f"{path}?completed=true")

    def act(number: int) -> object:
        if number < 2:
            return purge(0)
        mine = app.test_client()
        for _ in range(20):
            task = mine.post(path, json={"title": "x"}).json
            assert mine.delete(f"{path}/{task['id']}").status_code == 204
        return mine.post(path, json={"title": "kept"}).status_code

    assert race(5, act)[2:] == [201, 201, 201]
    purge(0)
    assert rows() == 3


def test_purge_shows_its_progress_on_a_terminal_only(app, purge):
    assert "Users" not in purge(0)


def test_purge_that_breaks_off_says_so_in_one_line():
    nowhere = sa.make_url("postgresql+psycopg2://127.0.0.1:1/tasks")
    runner = create_app(Config(database_url=nowhere)).test_cli_runner()
    result = runner.invoke(args=["tasks", "purge", "--days", "30"])
    assert result.exit_code == 1
    assert "The purge broke off, and can be run again" in result.output


@pytest.mark.parametrize("days", ["-1", "x", "1e9"])
def test_purge_refuses_what_is_no_number_of_days(app, days):
    result = app.test_cli_runner().invoke(args=["tasks", "purge", "--days", days])
    assert result.exit_code == 2


def test_erased_user_has_nothing_left_but_the_counter(client, database, user, path, make_task):
    make_task()
    gone = make_task()
    client.delete(f"{path}/{gone['id']}")
    client.post(path, json={"title": "x"}, headers={"Idempotency-Key": "k"})
    answer = client.delete(f"/api/{user}")
    assert (answer.status_code, answer.data) == (204, b"")
    for table in ("tasks", "idempotency_keys"):
        left = sa.text(f"SELECT count(*) FROM {table} WHERE user_id = :user")
        assert database.scalar(left, {"user": user}) == 0
    assert client.get(path).json == client.get(f"{path}?deleted=true").json == []
    assert make_task()["revision"] == 6


def test_erasing_is_one_statement(client, user, make_task, statements):
    make_task()
    statements.clear()
    client.delete(f"/api/{user}")
    assert len(statements) == 1


def test_erasing_a_user_who_never_wrote_makes_none(client, database):
    stranger = str(uuid4())
    assert client.delete(f"/api/{stranger}").status_code == 204
    assert not database.scalar(sa.text("SELECT 1 FROM users WHERE id = :id"), {"id": stranger})


def test_erasing_spares_nothing_that_was_written_while_it_waited(
    client, database, user, path, make_task
):
    make_task()
    answer = while_it_waits(
        database,
        user,
        lambda: client.delete(f"/api/{user}"),
        "UPDATE users SET revision = 2 WHERE id = :user",
        "INSERT INTO tasks (user_id, id, title, revision) VALUES (:user, :task, 'x', 2)",
        task=uuid4(),
    )
    assert answer.status_code == 204
    assert client.get(path).json == []


def test_erasing_leaves_other_users_alone(client, user, make_task):
    make_task()
    other = f"/api/{uuid4()}/tasks"
    task = client.post(other, json={"title": "x"}).json
    client.delete(f"/api/{user}")
    assert client.get(other).json == [task]


def test_clearing_with_an_old_entity_tag_of_the_list_is_a_412(client, path, make_task):
    tag = client.get(path).headers["ETag"]
    make_task(completed=True)
    answer = client.delete(f"{path}?completed=true", headers={"If-Match": tag})
    assert (answer.status_code, answer.headers["ETag"]) == (412, '"1"')
    assert len(client.get(path).json) == 1
    answer = client.delete(f"{path}?completed=true", headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json["deleted"]) == (200, 1)


def test_clearing_nothing_also_minds_its_precondition(client, path):
    assert client.delete(f"{path}?completed=true", headers={"If-Match": '"1"'}).status_code == 412
    assert client.delete(f"{path}?completed=true", headers={"If-Match": '"0"'}).status_code == 200
    assert (
        client.delete(f"{path}?completed=true", headers={"If-None-Match": "*"}).status_code == 412
    )


def test_erasure_with_an_old_entity_tag_of_the_list_is_a_412(client, user, path, make_task):
    make_task()
    for headers in ({"If-Match": '"7"'}, {"If-None-Match": '"1"'}, {"If-None-Match": "*"}):
        answer = client.delete(f"/api/{user}", headers=headers)
        assert (answer.status_code, answer.headers["ETag"]) == (412, '"1"')
    assert len(client.get(path).json) == 1
    assert client.delete(f"/api/{user}", headers={"If-Match": '"1"'}).status_code == 204
    assert client.get(path).json == []


def test_of_two_clearings_with_the_same_entity_tag_one_succeeds(app, path, make_task):
    for _ in range(3):
        make_task(completed=True)
    headers = {"If-Match": '"3"'}
    answers = race(8, lambda _: app.test_client().delete(f"{path}?completed=true", headers=headers))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7
    assert {answer.headers["ETag"] for answer in answers if answer.status_code == 412} == {'"6"'}


COMPLETED = """
    WITH owner AS (
      INSERT INTO users (id, revision) VALUES (CAST(:user AS uuid), 10005) RETURNING id)
    INSERT INTO tasks (user_id, id, title, completed, revision)
    SELECT owner.id, gen_random_uuid(), n, true, n FROM owner, generate_series(1, 10005) AS n
"""


def test_one_request_clears_a_bounded_number_the_oldest_change_first(client, database, user, path):
    database.execute(sa.text(COMPLETED), {"user": user})
    assert client.delete(f"{path}?completed=true").json == {"deleted": 10_000, "has_more": True}
    left = client.get(f"{path}?sort=title").json
    assert {task["revision"] for task in left} == {10_001, 10_002, 10_003, 10_004, 10_005}
    trash = client.get(f"/api/{user}/changes?since=10005&limit=1").json["changes"]
    assert trash[0]["revision"] == 10_006
    assert client.delete(f"{path}?completed=true").json == {"deleted": 5, "has_more": False}
