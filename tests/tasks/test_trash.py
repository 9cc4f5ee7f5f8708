"""The trash, what comes back from it, and erasure."""

from uuid import uuid4

import pytest
import sqlalchemy as sa
from tools.racing import race, while_it_waits

from tasks_api.tasks.preconditions import entity_tag


@pytest.fixture
def trash(client, path):
    return lambda: client.get(path, query_string={"deleted": "true"}).json


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
    assert answer.headers["ETag"] == entity_tag(3)
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
    assert (refused.status_code, refused.headers["ETag"]) == (412, entity_tag(2))
    assert trash() == [refused.json["task"]]
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
    assert (answer.status_code, answer.json["deleted"]) == (200, 3)
    assert client.get(path).json == [open_task]
    assert {task["id"] for task in trash()} == {task["id"] for task in done}
    assert client.get(path).headers["ETag"] == entity_tag(7)


def test_cleared_tasks_keep_the_order_of_their_last_changes(client, path, make_task, trash):
    tasks = [make_task(completed=True) for _ in range(4)]
    tasks[1] = client.put(f"{path}/{tasks[1]['id']}", json={"title": "changed last"}).json
    client.delete(f"{path}?completed=true")
    revisions = {task["id"]: task["revision"] for task in trash()}
    first, last, second, third = (revisions[task["id"]] for task in tasks)
    assert 5 < first < second < third < last


@pytest.fixture
def counter(database, user):
    """The user's counter, and when it was last written to."""
    select = sa.text("SELECT revision, written_at FROM users WHERE id = :user")
    return lambda: database.execute(select, {"user": user}).one_or_none()


def test_clearing_nothing_is_no_write(client, path, make_task, counter):
    assert client.delete(f"{path}?completed=true").json["deleted"] == 0
    assert counter() is None
    make_task()
    before = counter()
    assert client.delete(f"{path}?completed=true").json["deleted"] == 0
    assert counter() == before


@pytest.mark.parametrize("query", ["", "completed=false", "completed=1", "completed=true&q=x"])
def test_list_is_not_wiped_by_accident(client, path, make_task, query):
    make_task(), make_task(completed=True)
    assert client.delete(f"{path}?{query}").status_code == 422
    assert len(client.get(path).json) == 2


ANOTHER_WRITE = "UPDATE users SET revision = revision + 1 WHERE id = :user"
TO_THE_TASK = (
    "UPDATE tasks SET {}, revision = users.revision FROM users "
    "WHERE users.id = :user AND tasks.user_id = :user AND tasks.id = :task"
)


@pytest.fixture
def clear_while(client, database, user, path):
    """Clear the completed tasks, while another write changes one of them."""

    def clear(task, change):
        changes = (ANOTHER_WRITE, TO_THE_TASK.format(change))
        url = f"{path}?completed=true"
        return while_it_waits(database, user, lambda: client.delete(url), *changes, task=task["id"])

    return clear


def test_clearing_spares_a_task_that_is_reopened_meanwhile(client, path, make_task, clear_while):
    kept, gone = make_task(completed=True), make_task(completed=True)
    assert clear_while(kept, "completed = false").json["deleted"] == 1
    assert [task["id"] for task in client.get(path).json] == [kept["id"]]
    assert client.get(f"{path}/{gone['id']}").status_code == 404


def test_clearing_leaves_a_task_that_is_deleted_meanwhile_as_it_is(make_task, clear_while, trash):
    first, second = make_task(completed=True), make_task(completed=True)
    assert clear_while(first, "deleted_at = '2026-01-01'").json["deleted"] == 1
    revisions = {task["id"]: task["revision"] for task in trash()}
    assert revisions[first["id"]] == 3 < revisions[second["id"]]


def test_clearing_takes_a_task_that_is_changed_meanwhile(
    client, path, make_task, clear_while, trash
):
    first, second = make_task(completed=True), make_task(completed=True)
    answer = clear_while(first, "title = 'changed meanwhile'")
    assert answer.json == {"deleted": 2, "has_more": False}
    revisions = {task["id"]: task["revision"] for task in trash()}
    # The change came after the other task's, and the order stays.
    assert 3 < revisions[second["id"]] < revisions[first["id"]]
    assert client.get(path).headers["ETag"] == entity_tag(revisions[first["id"]])


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
    assert (answer.status_code, answer.headers["ETag"]) == (412, entity_tag(1))
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
    refused = ({"If-Match": '"7"'}, {"If-None-Match": entity_tag(1)}, {"If-None-Match": "*"})
    for headers in refused:
        answer = client.delete(f"/api/{user}", headers=headers)
        assert (answer.status_code, answer.headers["ETag"]) == (412, entity_tag(1))
    assert len(client.get(path).json) == 1
    assert client.delete(f"/api/{user}", headers={"If-Match": '"1"'}).status_code == 204
    assert client.get(path).json == []


def test_of_two_clearings_with_the_same_entity_tag_one_succeeds(app, path, make_task):
    for _ in range(3):
        make_task(completed=True)
    headers = {"If-Match": '"3"'}
    answers = race(8, lambda _: app.test_client().delete(f"{path}?completed=true", headers=headers))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7
    lost = [answer for answer in answers if answer.status_code == 412]
    assert {answer.headers["ETag"] for answer in lost} == {entity_tag(6)}


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
