"""Ids that clients choose: a task is created once under its id, however often it is asked for."""

from datetime import timedelta
from random import Random
from uuid import UUID, uuid1, uuid3, uuid4, uuid5

import pytest
import sqlalchemy as sa
from tools.racing import beside, race, while_it_waits
from uuid_utils import uuid6, uuid7

from tasks_api.database.execution import execute
from tasks_api.tasks.upkeep.purge import PURGE

INSERT = (
    "INSERT INTO tasks (user_id, id, title, revision, deleted_at) "
    "VALUES (:user, :id, 'theirs', 10, :deleted_at)"
)
COUNT = "UPDATE users SET revision = 10 WHERE id = :user"
KEYS = sa.text("SELECT count(*) FROM idempotency_keys WHERE user_id = :user")
NOT_IDS = {
    "nil": "00000000-0000-0000-0000-000000000000",
    "max": "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "max, upper case": "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
    "no version": "6f1d6a3e-52a4-0a8e-9a57-0d2c8f0b7e11",
    "version 9": "6f1d6a3e-52a4-9a8e-9a57-0d2c8f0b7e11",
    "variant of NCS": "6f1d6a3e-52a4-4a8e-7a57-0d2c8f0b7e11",
    "variant of Microsoft": "6f1d6a3e-52a4-4a8e-ca57-0d2c8f0b7e11",
    "no hyphens": "6f1d6a3e52a44a8e9a570d2c8f0b7e11",
    "braces": "{6f1d6a3e-52a4-4a8e-9a57-0d2c8f0b7e11}",
    "URN": "urn:uuid:6f1d6a3e-52a4-4a8e-9a57-0d2c8f0b7e11",
    "a line end": "6f1d6a3e-52a4-4a8e-9a57-0d2c8f0b7e11\n",
    "other digits": "6f1d6a3e-52a4-4a8e-9a57-0d2c8f0b7e1\N{ARABIC-INDIC DIGIT ONE}",
    "a word": "mine",
    "nothing": "",
    "null": None,
    "a number": 5,
    "an array": [],
}


@pytest.fixture
def id_():
    return str(uuid4())


@pytest.fixture
def purge(app, user):
    """Remove for good what the user has in the trash."""

    def remove():
        with app.app_context():
            execute(PURGE, user_id=user, age=timedelta(0))

    return remove


def version(client, path):
    return client.get(path).headers["ETag"]


@pytest.mark.parametrize(
    "id_",
    [
        uuid1(),
        uuid3(uuid4(), "x"),
        uuid4(),
        uuid5(uuid4(), "next"),
        uuid6(),
        uuid7(),
        UUID("6f1d6a3e-52a4-8a8e-9a57-0d2c8f0b7e11"),
    ],
    ids=lambda id_: f"version {id_.version}",
)
def test_task_is_created_under_the_id_that_the_client_chose(client, path, id_):
    answer = client.post(path, json={"title": "x", "id": str(id_)})
    assert (answer.status_code, answer.json["id"]) == (201, str(id_))
    assert answer.headers["Location"] == f"{path}/{id_}"
    assert client.get(f"{path}/{id_}").json == answer.json


def test_task_with_a_chosen_id_is_otherwise_as_any(client, path, make_task, id_):
    given = {
        "title": "x",
        "completed": True,
        "due_at": "2026-01-09T18:00:00.5+01:00",
        "tags": ["a"],
    }
    chosen, other = make_task(**given, id=id_), make_task(**given)
    own = {"id", "revision", "created_at", "updated_at", "completed_at"}
    assert {k: v for k, v in chosen.items() if k not in own} == {
        k: v for k, v in other.items() if k not in own
    }
    assert chosen["created_at"] == chosen["updated_at"] == chosen["completed_at"]
    assert (chosen["revision"], other["revision"]) == (1, 2)


def test_id_in_upper_case_is_the_same_id(client, path, id_):
    assert client.post(path, json={"title": "x", "id": id_.upper()}).json["id"] == id_
    assert client.post(path, json={"title": "x", "id": id_}).status_code == 200


@pytest.mark.parametrize("given", NOT_IDS.values(), ids=NOT_IDS)
def test_what_is_no_uuid_of_rfc_9562_is_refused(client, path, given):
    answer = client.post(path, json={"title": "x", "id": given})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == ["#/id"]
    answer = client.post(f"{path}/batch", json=[{"title": "x"}, {"title": "x", "id": given}])
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == ["#/1/id"]
    assert client.get(path).json == []


def test_changing_a_task_ignores_an_id_as_before(client, path, make_task):
    task = make_task()
    for method in (client.put, client.patch):
        answer = method(f"{path}/{task['id']}", json={"title": "y", "id": "mine"})
        assert (answer.status_code, answer.json["id"]) == (200, task["id"])


def test_task_that_exists_is_answered_as_it_is_now_and_stays(client, path, id_):
    client.post(path, json={"title": "x", "id": id_})
    now = client.put(f"{path}/{id_}", json={"title": "y", "completed": True})
    before = version(client, path)
    answer = client.post(path, json={"title": "x", "id": id_})
    assert (answer.status_code, answer.json) == (200, now.json)
    assert answer.headers["ETag"] == now.headers["ETag"]
    assert answer.headers["Location"] == f"{path}/{id_}"
    assert version(client, path) == before


def test_client_may_create_again_what_it_got(client, path, make_task):
    task = make_task(tags=["a"])
    answer = client.post(path, json=task)
    assert (answer.status_code, answer.json) == (200, task)


def test_task_in_the_trash_is_a_410_with_its_tombstone(client, path, user, id_):
    client.post(path, json={"title": "x", "id": id_})
    client.delete(f"{path}/{id_}")
    before = version(client, path)
    answer = client.post(path, json={"title": "x", "id": id_})
    assert answer.status_code == 410
    assert answer.json["tombstone"] == {"id": id_, "revision": 2, "deleted": True}
    assert answer.json["tombstone"] in client.get(f"/api/{user}/changes?since=1").json["changes"]
    assert [error["pointer"] for error in answer.json["errors"]] == ["#/id"]
    assert version(client, path) == before
    client.post(f"{path}/{id_}/restore")
    assert client.post(path, json={"title": "x", "id": id_}).status_code == 200


def test_id_that_was_purged_can_be_used_again(client, path, user, id_, purge):
    client.post(path, json={"title": "x", "id": id_})
    client.delete(f"{path}/{id_}")
    purge()
    answer = client.post(path, json={"title": "y", "id": id_})
    assert (answer.status_code, answer.json["title"]) == (201, "y")
    assert client.get(f"/api/{user}/changes").json["changes"] == [answer.json]


def test_id_that_was_erased_can_be_used_again(client, path, user, id_):
    client.post(path, json={"title": "x", "id": id_})
    client.delete(f"/api/{user}")
    answer = client.post(path, json={"title": "y", "id": id_})
    assert (answer.status_code, answer.json["title"]) == (201, "y")


def test_same_id_of_another_user_is_another_task(client, path, id_):
    hers = f"/api/{uuid4()}/tasks"
    client.post(hers, json={"title": "hers", "id": id_})
    assert client.get(f"{path}/{id_}").status_code == 404
    assert client.post(path, json={"title": "his", "id": id_}).status_code == 201
    client.delete(f"{hers}/{id_}")
    assert client.get(f"{path}/{id_}").json["title"] == "his"


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "a"}])
def test_creation_and_its_repeat_are_one_statement_each(client, path, id_, statements, headers):
    client.post(path, json={"title": "x", "id": id_}, headers=headers)
    assert len(statements) == 1
    client.post(path, json={"title": "x", "id": id_})
    assert len(statements) == 2


# With an Idempotency-Key.


def test_key_is_honoured_beside_an_id(client, path, id_):
    body, key = {"title": "x", "id": id_}, {"Idempotency-Key": "a"}
    first = client.post(path, json=body, headers=key)
    again = client.post(path, json=body, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.json, again.headers["Idempotency-Replayed"]) == (first.json, "true")
    assert client.post(path, json={**body, "title": "y"}, headers=key).status_code == 422
    assert client.post(path, json={**body, "id": str(uuid4())}, headers=key).status_code == 422
    client.delete(f"{path}/{id_}")
    assert client.post(path, json=body, headers=key).status_code == 410


def test_no_key_is_kept_of_a_request_that_has_made_nothing(client, database, path, user, id_):
    body, key = {"title": "x", "id": id_}, {"Idempotency-Key": "a"}
    client.post(path, json=body)
    answer = client.post(path, json=body, headers=key)
    assert answer.status_code == 200
    assert "Idempotency-Replayed" not in answer.headers
    client.delete(f"{path}/{id_}")
    answer = client.post(path, json=body, headers=key)
    assert (answer.status_code, answer.json["tombstone"]["id"]) == (410, id_)
    assert database.scalar(KEYS, {"user": user}) == 0


# Batches.


def test_batch_makes_what_is_new_and_answers_the_rest_as_it_is(client, path, id_):
    client.post(path, json={"title": "x", "id": id_})
    now = client.put(f"{path}/{id_}", json={"title": "y"}).json
    new, other = str(uuid4()), {"title": "2"}
    given = [{"title": "1", "id": new}, {"title": "x", "id": id_}, other]
    answer = client.post(f"{path}/batch", json=given)
    assert answer.status_code == 201
    assert [task["title"] for task in answer.json] == ["1", "y", "2"]
    assert answer.json[0]["id"] == new
    assert answer.json[1] == now
    revisions = [task["revision"] for task in answer.json]
    assert revisions[1] < revisions[0] < revisions[2]
    assert len(client.get(path).json) == 3


def test_batch_of_which_all_exist_is_a_200(client, path):
    given = [{"title": str(number), "id": str(uuid4())} for number in range(3)]
    first = client.post(f"{path}/batch", json=given)
    before = version(client, path)
    again = client.post(f"{path}/batch", json=given[::-1])
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json == first.json[::-1]
    assert version(client, path) == before


def test_batch_with_a_task_in_the_trash_makes_nothing(client, path):
    ids = [str(uuid4()) for _ in range(5)]
    client.post(f"{path}/batch", json=[{"title": "x", "id": id_} for id_ in ids])
    for id_ in (ids[3], ids[1]):
        client.delete(f"{path}/{id_}")
    before = client.get(path).json, version(client, path)
    given = [{"title": "new"}, *({"title": "x", "id": id_} for id_ in ids)]
    answer = client.post(f"{path}/batch", json=given)
    assert answer.status_code == 410
    assert [error["pointer"] for error in answer.json["errors"]] == ["#/2/id", "#/4/id"]
    assert answer.json["tombstone"]["id"] == ids[1]
    assert (client.get(path).json, version(client, path)) == before


def test_errors_of_a_batch_in_the_trash_are_at_most_twenty(client, path):
    given = [{"title": "x", "id": str(uuid4()), "completed": True} for _ in range(100)]
    client.post(f"{path}/batch", json=given)
    client.delete(f"{path}?completed=true")
    errors = client.post(f"{path}/batch", json=given).json["errors"]
    assert len(errors) == 21
    assert errors[-1] == {"detail": "Errors that are not listed: 80."}


def test_batch_with_the_same_id_twice_is_a_422(client, path, id_):
    twice = [{"title": "x", "id": id_}, {"title": "y"}, {"title": "z", "id": id_.upper()}]
    answer = client.post(f"{path}/batch", json=twice)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == ["#/2/id"]
    assert client.get(path).json == []


def test_key_of_a_batch_repeats_also_what_was_there_before(client, path, id_):
    client.post(path, json={"title": "x", "id": id_})
    given, key = [{"title": "x", "id": id_}, {"title": "new"}], {"Idempotency-Key": "a"}
    first = client.post(f"{path}/batch", json=given, headers=key)
    again = client.post(f"{path}/batch", json=given, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json == first.json
    assert again.headers["Idempotency-Replayed"] == "true"


# Races.


def test_of_twelve_with_the_same_id_one_makes_the_task(app, client, path, id_):
    answers = race(
        12, lambda number: app.test_client().post(path, json={"title": str(number), "id": id_})
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 11 + [201]
    [task] = client.get(path).json
    assert all(answer.json == task for answer in answers)


def test_of_twelve_with_keys_of_their_own_only_the_one_that_made_it_keeps_its_key(
    app, client, path, id_
):
    body = {"title": "x", "id": id_}

    def create(number):
        headers = {"Idempotency-Key": str(number)}
        return app.test_client().post(path, json=body, headers=headers)

    first = race(12, create)
    assert sorted(answer.status_code for answer in first) == [200] * 11 + [201]
    again = [create(number) for number in range(12)]
    assert [answer.status_code for answer in again] == [answer.status_code for answer in first]
    assert len(client.get(path).json) == 1


def test_of_twelve_with_one_key_and_one_id_one_makes_the_task(app, client, path, id_):
    body, key = {"title": "x", "id": id_}, {"Idempotency-Key": "a"}
    answers = race(12, lambda _: app.test_client().post(path, json=body, headers=key))
    assert [answer.status_code for answer in answers] == [201] * 12
    replayed = [answer.headers.get("Idempotency-Replayed") for answer in answers]
    assert sorted(replayed, key=str) == [None] + ["true"] * 11
    assert len(client.get(path).json) == 1


def test_of_twelve_batches_that_overlap_each_task_is_made_once(app, client, path):
    ids = [str(uuid4()) for _ in range(14)]

    def create(number):
        some = Random(number).sample(ids[number : number + 3], 3)
        given = [{"title": id_, "id": id_} for id_ in some]
        return some, app.test_client().post(f"{path}/batch", json=given)

    answers = race(12, create)
    tasks = {task["id"]: task for task in client.get(path).json}
    assert tasks.keys() == set(ids)
    for some, answer in answers:
        assert answer.status_code in {200, 201}
        assert answer.json == [tasks[id_] for id_ in some]


def test_same_id_of_twelve_users_is_twelve_tasks(app, id_):
    users = [str(uuid4()) for _ in range(12)]

    def create(number):
        path = f"/api/{users[number]}/tasks"
        return app.test_client().post(path, json={"title": str(number), "id": id_})

    answers = race(12, create)
    assert [answer.status_code for answer in answers] == [201] * 12
    assert [answer.json["user_id"] for answer in answers] == users


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "a"}])
@pytest.mark.parametrize("many", [False, True])
def test_task_that_is_made_while_a_creation_waits_is_answered_as_it_is(
    client, database, path, user, make_task, id_, headers, many
):
    make_task()
    body = {"title": "mine", "id": id_}
    where, body = (f"{path}/batch", [{"title": "new"}, body]) if many else (path, body)
    answer = while_it_waits(
        *(database, user, lambda: client.post(where, json=body, headers=headers), INSERT, COUNT),
        id=id_,
        deleted_at=None,
    )
    assert answer.status_code == (201 if many else 200)
    [*new, task] = answer.json if many else [answer.json]
    assert [each["title"] for each in new] == ["new"] * many
    assert (task["title"], task["revision"]) == ("theirs", 10)
    assert client.get(f"{path}/{id_}").json == task
    assert database.scalar(KEYS, {"user": user}) == len(headers) * many


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "a"}])
@pytest.mark.parametrize("many", [False, True])
def test_task_that_reaches_the_trash_while_a_creation_waits_is_a_410_and_nothing_is_done(
    client, database, path, user, make_task, id_, headers, many
):
    first = make_task()
    body = {"title": "mine", "id": id_}
    where, body = (f"{path}/batch", [{"title": "new"}, body]) if many else (path, body)
    answer = while_it_waits(
        *(database, user, lambda: client.post(where, json=body, headers=headers), INSERT, COUNT),
        id=id_,
        deleted_at="2026-01-09T17:00:00Z",
    )
    assert answer.status_code == 410
    assert answer.json["tombstone"] == {"id": id_, "revision": 10, "deleted": True}
    assert client.get(path).json == [first]
    assert database.scalar(KEYS, {"user": user}) == 0


def test_creations_beside_deletions_purges_and_erasures_are_always_answered(
    app, client, path, user, id_, purge
):
    statuses = []

    def create(key=None):
        headers = {"Idempotency-Key": key} if key else {}
        answer = app.test_client().post(path, json={"title": "x", "id": id_}, headers=headers)
        statuses.append(answer.status_code)
        assert answer.status_code in {200, 201, 410}, answer.text

    with beside(
        create,
        create,
        lambda: create("a"),
        lambda: app.test_client().delete(f"{path}/{id_}"),
        lambda: app.test_client().post(f"{path}/{id_}/restore"),
        purge,
    ):
        while statuses.count(201) < 20 or 200 not in statuses or 410 not in statuses:
            client.delete(f"/api/{user}")
    task = client.post(path, json={"title": "x", "id": id_})
    assert task.status_code in {200, 201, 410}
    assert len(client.get(path).json + client.get(f"{path}?deleted=true").json) == 1
