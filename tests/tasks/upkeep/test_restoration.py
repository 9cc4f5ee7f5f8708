"""A backup is restored: apps that have seen more than the backup has must not keep a wrong copy."""

from contextlib import ExitStack

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from tools.databases import connect, new_database
from tools.wire import pool_of

from tasks_api.app import create_app
from tasks_api.config import Config

FAR = 10**9
BODY = {"title": "x"}


@pytest.fixture
def before(own_database):
    """The service until the database is lost."""
    app = create_app(Config(database_url=own_database))
    yield app
    pool_of(app).close()


@pytest.fixture
def restore(before, database_url, own_database):
    """Take a backup, do what will be lost, and return the service on the restored backup."""
    with ExitStack() as backups:

        def act(lose):
            pool_of(before).close()
            url = backups.enter_context(new_database(database_url, own_database.database))
            lose(before.test_client())
            return create_app(Config(database_url=url))

        yield act


def run_restored(app):
    result = app.test_cli_runner().invoke(args=["db", "restored"])
    assert result.exit_code == 0, result.output
    return result.output


def titles(client: FlaskClient, user: str, since: str = "0", limit: int = 500) -> list[str]:
    """Follow the feed to its end."""
    found, more = [], True
    while more:
        page = client.get(f"/api/{user}/changes?since={since}&limit={limit}").json
        found += [change["title"] for change in page["changes"]]
        since, more = page["next"], page["has_more"]
    return found


def test_app_that_has_seen_more_than_the_backup_copies_again(before, restore, user, path):
    """Without the command it would get one of four tasks."""
    before.test_client().post(path, json={"title": "kept"})

    def lose(client):
        for _ in range(2):
            client.post(path, json={"title": "lost"})

    after = restore(lose)
    run_restored(after)
    client = after.test_client()
    made = [client.post(path, json={"title": title}).json for title in "abc"]
    assert [task["revision"] for task in made] == [FAR + 2, FAR + 3, FAR + 4]
    assert client.get(f"/api/{user}/changes?since=3").status_code == 410
    for limit in (1, 500):
        assert titles(client, user, limit=limit) == ["kept", *"abc"]


def test_app_in_the_middle_of_its_copy_starts_again(before, restore, user, path):
    for _ in range(3):
        before.test_client().post(path, json=BODY)
    positions = []

    def lose(client):
        positions.append(client.get(f"/api/{user}/changes?limit=1").json["next"])

    after = restore(lose)
    run_restored(after)
    assert positions == ["1.3"]
    answer = after.test_client().get(f"/api/{user}/changes?since=1.3")
    assert answer.status_code == 410


def test_entity_tag_of_the_lost_time_matches_no_later_version(before, restore, path):
    task = before.test_client().post(path, json=BODY).json
    url = f"{path}/{task['id']}"
    tags = {}

    def lose(client):
        tags["task"] = client.put(url, json={"title": "lost"}).headers["ETag"]
        tags["list"] = client.get(path).headers["ETag"]

    after = restore(lose)
    run_restored(after)
    client = after.test_client()
    client.put(url, json={"title": "other"})
    for tag in (tags["task"], tags["list"]):
        headers = {"If-None-Match": tag}
        assert client.get(url, headers=headers).status_code == 200
        assert client.get(path, headers=headers).status_code == 200
        assert client.put(url, json=BODY, headers={"If-Match": tag}).status_code == 412


def test_key_of_the_lost_time_makes_its_task_again(before, restore, path, user):
    before.test_client().post(path, json=BODY)
    key = {"Idempotency-Key": "k"}
    after = restore(lambda client: client.post(path, json={"title": "again"}, headers=key))
    run_restored(after)
    answer = after.test_client().post(path, json={"title": "again"}, headers=key)
    assert answer.status_code == 201
    assert "Idempotency-Replayed" not in answer.headers
    assert titles(after.test_client(), user) == ["x", "again"]


def test_user_of_whom_the_backup_knows_nothing_starts_again(restore, path, user):
    after = restore(lambda client: client.post(path, json=BODY))
    run_restored(after)
    assert after.test_client().get(f"/api/{user}/changes?since=1").status_code == 410
    assert titles(after.test_client(), user) == []


def test_each_restoration_moves_the_counters_of_all_users_on(before, own_database, path):
    before.test_client().post(path, json=BODY)
    with connect(own_database) as database:
        number = database.scalar(sa.text("SELECT count(*) FROM users"))
        for times in (1, 2):
            assert run_restored(before).startswith(f"Moved the counters of {number} users:")
            lowest = database.scalar(sa.text("SELECT min(revision) FROM users"))
            assert times * FAR < lowest < (times + 1) * FAR
    assert before.test_client().get(path).status_code == 200


def test_database_that_has_no_tables_is_refused_without_a_traceback(empty_database):
    runner = create_app(Config(database_url=empty_database)).test_cli_runner()
    result = runner.invoke(args=["db", "restored"])
    assert result.exit_code == 1
    assert "Moving the counters did not run" in result.output
    assert "Traceback" not in result.output
