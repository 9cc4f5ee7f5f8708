"""What is gone for good: old tombstones and old idempotency keys, of all users."""

from uuid import uuid4

import pytest
import sqlalchemy as sa
from tools.databases import connect
from tools.racing import race, while_it_waits

from tasks_api.app import create_app
from tasks_api.config import Config
from tasks_api.tasks.preconditions import entity_tag


@pytest.fixture(scope="module")
def app(own_database, wire):
    app = create_app(Config(database_url=own_database))
    wire.tap(app)
    return app


@pytest.fixture(scope="module")
def database(own_database):
    with connect(own_database) as connection:
        yield connection


@pytest.fixture(autouse=True)
def nobody(database):
    """What a purge says of all users is of those of one test."""
    database.execute(sa.text("TRUNCATE users, idempotency_keys CASCADE"))


@pytest.fixture
def purge(app):
    def run(days: int) -> str:
        result = app.test_cli_runner().invoke(args=["tasks", "purge", "--days", str(days)])
        assert result.exit_code == 0, result.output
        return result.output

    return run


@pytest.fixture
def trash(client, path):
    return lambda: client.get(path, query_string={"deleted": "true"}).json


@pytest.fixture
def make_deleted(client, database, path, make_task):
    """Make a task that was deleted some days ago."""

    def make(*, days=0, **members):
        task = make_task(**members)
        assert client.delete(f"{path}/{task['id']}").status_code == 204
        age = "UPDATE tasks SET deleted_at = deleted_at - :age * interval '1 day' WHERE id = :id"
        database.execute(sa.text(age), {"age": days, "id": task["id"]})
        return task

    return make


def test_purge_removes_what_is_old_enough(client, path, make_task, make_deleted, purge, trash):
    old, young, live = make_deleted(days=30), make_deleted(days=29), make_task()
    assert purge(30) == "Removed 1 tasks.\n"
    assert [task["id"] for task in trash()] == [young["id"]]
    assert client.post(f"{path}/{old['id']}/restore").status_code == 404
    assert client.post(f"{path}/{young['id']}/restore").status_code == 200
    assert client.get(f"{path}/{live['id']}").json == live


def test_purge_of_nothing_takes_no_revision(client, path, make_task, purge):
    make_task()
    purge(0)
    assert client.get(path).headers["ETag"] == entity_tag(1)


def test_purge_is_a_new_version_of_the_trash(client, path, make_deleted, purge):
    make_deleted()
    tag = client.get(f"{path}?deleted=true").headers["ETag"]
    purge(0)
    answer = client.get(f"{path}?deleted=true", headers={"If-None-Match": tag})
    assert (answer.status_code, answer.json) == (200, [])


def test_feed_does_not_lead_past_what_an_earlier_purge_has_removed(
    client, user, path, make_deleted, purge
):
    young = make_deleted(days=10)
    make_deleted(days=30)
    purge(30)
    purge(10)
    assert client.post(f"{path}/{young['id']}/restore").status_code == 404
    # The last one took tombstone 2 after tombstone 4 was gone.
    statuses = [client.get(f"/api/{user}/changes?since={n}").status_code for n in range(1, 7)]
    assert statuses == [410, 410, 410, 200, 200, 200]


RESTORE = (
    "UPDATE users SET revision = revision + 1 WHERE id = :user",
    "UPDATE tasks SET deleted_at = NULL, revision = users.revision FROM users "
    "WHERE users.id = :user AND tasks.user_id = :user AND tasks.id = :task",
)
DELETE_ANEW = (
    *RESTORE,
    RESTORE[0],
    RESTORE[1].replace("NULL", "now()"),
)


def test_purge_spares_a_task_that_is_restored_while_it_waits(
    client, database, user, path, make_deleted, purge
):
    kept, gone = make_deleted(days=30), make_deleted(days=30)
    output = while_it_waits(database, user, lambda: purge(30), *RESTORE, task=kept["id"])
    assert output == "Removed 1 tasks.\n"
    assert client.get(f"{path}/{kept['id']}").status_code == 200
    assert client.post(f"{path}/{gone['id']}/restore").status_code == 404


def test_purge_spares_a_task_that_is_deleted_again_while_it_waits(
    database, user, make_deleted, purge, trash
):
    kept = make_deleted(days=30)
    output = while_it_waits(database, user, lambda: purge(30), *DELETE_ANEW, task=kept["id"])
    assert output == "Removed 0 tasks.\n"
    assert [(task["id"], task["revision"]) for task in trash()] == [(kept["id"], 4)]


MANY = """
WITH someone AS (INSERT INTO users (id, revision) VALUES (:user, :number))
INSERT INTO tasks (user_id, id, title, revision, deleted_at)
SELECT :user, gen_random_uuid(), 'x', n, now() FROM generate_series(1, :number) AS n
"""


def test_purge_goes_in_bounded_steps(database, user, purge, trash, statements):
    database.execute(sa.text(MANY), {"user": user, "number": 2_500})
    assert purge(0) == "Removed 2500 tasks.\n"
    assert trash() == []
    assert max(statement.rows for statement in statements) <= 1_000


EVERYBODY = """
WITH everybody AS (
    INSERT INTO users (id, revision)
    SELECT gen_random_uuid(), 1 FROM generate_series(1, :number) RETURNING id)
INSERT INTO tasks (user_id, id, title, revision, deleted_at)
SELECT id, gen_random_uuid(), 'x', 1, now() FROM everybody
"""


def test_purge_goes_through_all_users(database, purge, statements):
    database.execute(sa.text(EVERYBODY), {"number": 1_001})
    assert purge(0) == "Removed 1001 tasks.\n"
    assert max(statement.rows for statement in statements) <= 1_000


def test_purge_of_a_few_among_many_users_takes_a_few_statements(database, purge, statements):
    database.execute(sa.text(EVERYBODY), {"number": 300})
    database.execute(sa.text("UPDATE tasks SET deleted_at = NULL, folded_revision = revision"))
    some = "UPDATE tasks SET deleted_at = now() WHERE id IN (SELECT id FROM tasks LIMIT 3)"
    database.execute(sa.text(some))
    assert purge(0) == "Removed 3 tasks.\n"
    # How many there are, the keys, who has some, the three users, whether anybody has more, and
    # whether there is anything to fold.
    assert len(statements) == 8


THOUSANDS = {
    "tasks": """
        INSERT INTO tasks (user_id, id, title, revision, folded_revision, deleted_at)
        SELECT :user, gen_random_uuid(), 'x', n, n, now() - n * interval '1 minute'
        FROM generate_series(2, 10001) AS n""",
    "idempotency_keys": """
        INSERT INTO idempotency_keys (user_id, key, fingerprint, task_ids, created_at)
        SELECT :user, n, 'x', '{}', now() - n * interval '1 second'
        FROM generate_series(1, 10000) AS n""",
}


def test_purge_finds_what_is_old_by_indexes(database, user, make_task, purge, statements):
    make_task()
    for table, fill in THOUSANDS.items():
        database.execute(sa.text(fill), {"user": user})
        database.execute(sa.text(f"ANALYZE {table}"))
    # By the second time, its statements are prepared.
    for _ in range(2):
        assert purge(30) == "Removed 0 tasks.\n"
    nodes = [node for sent in statements[-4:] for node in sent.plan()]
    assert {node["Index Name"] for node in nodes if "Index Name" in node} == {
        "ix_tasks_deleted_at",
        "ix_tasks_unfolded",
        "ix_idempotency_keys_created_at",
        "pk_idempotency_keys",
    }
    assert "Seq Scan" not in {node["Node Type"] for node in nodes}


def test_purge_of_keys_goes_in_bounded_steps(database, user, make_task, purge, statements):
    make_task()
    database.execute(sa.text(THOUSANDS["idempotency_keys"]), {"user": user})
    age = "UPDATE idempotency_keys SET created_at = created_at - interval '1 day'"
    database.execute(sa.text(age))
    purge(30)
    assert database.scalar(sa.text("SELECT count(*) FROM idempotency_keys")) == 0
    assert max(statement.rows for statement in statements) <= 1_000


def test_purge_may_run_twice_at_once_and_beside_traffic(app, path, purge, trash):
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
    assert trash() == []
    assert [task["title"] for task in client.get(path).json] == ["kept"] * 3


def test_purge_shows_its_progress_on_a_terminal_only(purge):
    assert "Tasks" not in purge(0)


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


BODY = {"title": "Buy milk"}


@pytest.fixture
def key():
    return {"Idempotency-Key": str(uuid4())}


def test_repeat_after_the_task_is_purged_is_a_410(client, path, key, purge):
    task = client.post(path, json=BODY, headers=key).json
    client.delete(f"{path}/{task['id']}")
    purge(0)
    assert client.post(path, json=BODY, headers=key).status_code == 410


def test_key_is_forgotten_by_the_purge_after_a_day_and_not_before(
    client, database, path, user, key, purge
):
    first = client.post(path, json=BODY, headers=key).json
    age = sa.text(
        "UPDATE idempotency_keys SET created_at = created_at - :age * interval '1 hour' "
        "WHERE user_id = :user"
    )
    database.execute(age, {"user": user, "age": 23})
    purge(30)
    assert client.post(path, json=BODY, headers=key).json == first
    database.execute(age, {"user": user, "age": 1})
    purge(30)
    assert client.post(path, json=BODY, headers=key).json["id"] != first["id"]
