"""The feed of changes skips nothing, whoever writes meanwhile."""

from random import Random
from uuid import uuid4

import pytest
from tools.racing import beside, race

from tasks_api.tasks.preconditions import entity_tag


@pytest.fixture
def changes(client, user):
    def read(since: int = 0, **query: int):
        return client.get(f"/api/{user}/changes", query_string={"since": since, **query})

    return read


@pytest.fixture
def purge(app):
    return lambda: app.test_cli_runner().invoke(args=["tasks", "purge", "--days", "0"])


def follow(read, copy, since, limit=500):
    """Do what a client does: apply changes until there are no more; give the new token."""
    while True:
        answer = read(since, limit=limit)
        if answer.status_code == 410:
            copy.clear()
            since = 0
            continue
        assert answer.status_code == 200
        page = answer.json
        for change in page["changes"]:
            assert change["revision"] > since
            if change.get("deleted"):
                copy.pop(change["id"], None)
            else:
                copy[change["id"]] = change
        since = page["revision"]
        if not page["has_more"]:
            return since


def test_feed_of_a_user_who_never_wrote_is_empty(changes):
    assert changes().json == {"revision": 0, "next": "0", "has_more": False, "changes": []}


def test_changes_come_oldest_first_each_task_once(client, path, make_task, changes):
    one, two = make_task(title="1"), make_task(title="2")
    one = client.put(f"{path}/{one['id']}", json={"title": "1!"}).json
    assert changes().json == {"revision": 3, "next": "3", "has_more": False, "changes": [two, one]}
    assert changes(2).json == {"revision": 3, "next": "3", "has_more": False, "changes": [one]}
    assert changes(3).json == {"revision": 3, "next": "3", "has_more": False, "changes": []}


def test_deleted_task_is_a_tombstone(client, path, make_task, changes):
    task, other = make_task(), make_task()
    client.delete(f"{path}/{task['id']}")
    tombstone = {"id": task["id"], "revision": 3, "deleted": True}
    assert changes(1).json["changes"] == [other, tombstone]


def test_full_copy_has_no_tombstones(client, path, make_task, changes):
    task, other = make_task(), make_task()
    client.delete(f"{path}/{task['id']}")
    assert changes(0).json == {
        "revision": 3,
        "next": "3",
        "has_more": False,
        "changes": [other],
    }


def test_restored_task_is_a_task_again(client, path, make_task, changes):
    task = make_task()
    client.delete(f"{path}/{task['id']}")
    restored = client.post(f"{path}/{task['id']}/restore").json
    assert changes(1).json["changes"] == [restored]


def test_limit_cuts_pages_that_lead_on(make_task, changes):
    tasks = [make_task() for _ in range(5)]
    first = changes(0, limit=2).json
    assert (first["revision"], first["has_more"], first["changes"]) == (2, True, tasks[:2])
    second = changes(2, limit=2).json
    assert (second["revision"], second["has_more"], second["changes"]) == (4, True, tasks[2:4])
    last = changes(4, limit=2).json
    assert (last["revision"], last["has_more"], last["changes"]) == (5, False, tasks[4:])


def test_last_page_leads_past_what_left_no_trace(client, path, make_task, changes):
    make_task()
    client.delete(f"{path}/{uuid4()}")
    assert client.get(path).headers["ETag"] == entity_tag(changes().json["revision"])


def test_token_from_the_future_is_gone(make_task, changes):
    make_task()
    assert changes(1).status_code == 200
    assert changes(2).status_code == 410
    assert changes(10**18 - 1).status_code == 410


def test_token_of_a_user_who_never_wrote_is_gone(changes):
    assert changes(1).status_code == 410


def test_token_older_than_the_purge_is_gone(client, path, make_task, changes, purge):
    task = make_task()
    make_task()
    client.delete(f"{path}/{task['id']}")
    make_task()
    purge()
    assert [changes(since).status_code for since in (1, 2, 3, 4)] == [410, 410, 200, 200]
    assert changes(0).status_code == 200


def test_token_older_than_the_erasure_is_gone(client, user, make_task, changes):
    make_task()
    make_task()
    client.delete(f"/api/{user}")
    assert [changes(since).status_code for since in (1, 2)] == [410, 410]
    assert changes(0).json == {"revision": 3, "next": "3", "has_more": False, "changes": []}
    task = make_task()
    assert changes(3).json["changes"] == [task]


@pytest.mark.parametrize("limit", [1, 2, 3, 500])
def test_full_copy_in_pages_succeeds_after_a_purge(client, path, make_task, changes, purge, limit):
    """Its first revisions are older than the purge; `next` also says when the copy began."""
    old = [make_task(title=str(number)) for number in range(4)]
    gone = make_task()
    client.delete(f"{path}/{gone['id']}")
    purge()
    new = [make_task(title=str(number)) for number in range(4)]
    copy = {}
    pages, since, more = 0, 0, True
    while more:
        answer = changes(since, limit=limit)
        assert answer.status_code == 200
        copy |= {change["id"]: change for change in answer.json["changes"]}
        assert len(answer.json["changes"]) <= limit
        since, more = answer.json["next"], answer.json["has_more"]
        pages += 1
    assert list(copy) == [task["id"] for task in old + new]
    assert pages == {1: 8, 2: 4, 3: 3, 500: 1}[limit]


def test_purge_in_the_middle_of_a_full_copy_starts_it_again(
    client, path, make_task, changes, purge
):
    tasks = [make_task() for _ in range(3)]
    position = changes(0, limit=1).json["next"]
    client.delete(f"{path}/{tasks[0]['id']}")
    purge()
    assert changes(position, limit=1).status_code == 410


def test_erasure_in_the_middle_of_a_full_copy_starts_it_again(client, user, make_task, changes):
    for _ in range(3):
        make_task()
    position = changes(0, limit=1).json["next"]
    client.delete(f"/api/{user}")
    assert changes(position).status_code == 410


def test_full_copy_tells_of_tasks_that_are_deleted_while_it_goes_on(
    client, path, make_task, changes
):
    copied, other = make_task(), make_task()
    position = changes(0, limit=1).json["next"]
    client.delete(f"{path}/{copied['id']}")
    page = changes(position).json
    assert page["changes"] == [other, {"id": copied["id"], "revision": 3, "deleted": True}]
    assert page["next"] == "3"


def test_full_copy_leaves_out_what_was_deleted_before_it_began(client, path, make_task, changes):
    gone, first, second = make_task(), make_task(), make_task()
    client.delete(f"{path}/{gone['id']}")
    page = changes(0, limit=1).json
    assert page["changes"] == [first]
    assert changes(page["next"]).json["changes"] == [second]


def test_position_with_a_beginning_ahead_of_the_counter_is_gone(make_task, changes):
    make_task()
    assert changes("1.2").status_code == 410
    assert changes("2.1").status_code == 410
    assert changes("0.1").status_code == 200


def test_walk_along_changes_may_go_on_by_plain_revisions(make_task, changes):
    tasks = [make_task() for _ in range(4)]
    page = changes(1, limit=2).json
    assert (page["changes"], page["next"]) == (tasks[1:3], "3")
    assert changes(page["revision"]).json["changes"] == tasks[3:]


def test_reading_the_feed_is_one_statement(make_task, changes, statements):
    make_task()
    statements.clear()
    changes(0)
    assert len(statements) == 1


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("since=-1", "since"),
        ("since=x", "since"),
        (f"since={10**18}", "since"),
        (f"since=1.{10**18}", "since"),
        ("since=1.", "since"),
        ("since=1.0", "since"),
        ("since=01", "since"),
        ("since=", "since"),
        ("since=1.2.3", "since"),
        ("limit=0", "limit"),
        ("limit=501", "limit"),
    ],
)
def test_unacceptable_parameter_of_the_feed_is_named(client, user, query, parameter):
    answer = client.get(f"/api/{user}/changes?{query}")
    assert answer.status_code == 422
    assert [error["parameter"] for error in answer.json["errors"]] == [parameter]


def test_follower_beside_six_writers_ends_equal_to_the_list(app, user, path):
    client, copy, tokens = app.test_client(), {}, [0]

    def write(seed: int) -> None:
        random, mine, made = Random(seed), app.test_client(), []
        for _ in range(60):
            choice = random.choice(["create", "update", "toggle", "delete", "restore", "batch"])
            one = f"{path}/{random.choice(made)}" if made else None
            if choice == "create" or one is None:
                made.append(mine.post(path, json={"title": "x"}).json["id"])
            elif choice == "batch":
                batch = mine.post(f"{path}/batch", json=[{"title": "y"}] * 3).json
                made += [task["id"] for task in batch]
            elif choice == "update":
                mine.put(one, json={"title": str(random.random())})
            elif choice == "toggle":
                mine.patch(f"{one}/complete")
            elif choice == "delete":
                mine.delete(one)
            else:
                mine.post(f"{one}/restore")

    def read(since, limit):
        return client.get(f"/api/{user}/changes?since={since}&limit={limit}")

    with beside(lambda: tokens.append(follow(read, copy, tokens[-1], limit=7))):
        race(6, write)
    follow(read, copy, tokens[-1])
    listed, target = {}, f"{path}?limit=100"
    offset = 0
    while page := client.get(f"{target}&offset={offset}").json:
        listed |= {task["id"]: task for task in page}
        offset += 100
    assert copy == listed
    assert len(set(tokens)) > 2
