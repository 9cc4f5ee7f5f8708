"""Tasks that recur: completing one makes the next, once."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4, uuid5
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from tools.racing import race

MOMENT = "2026-01-09T17:00:00Z"
NEEDS_DUE = "A recurrence needs due_on or due_at: send one of them, or recurrence as null."


def next_id(task) -> str:
    return str(uuid5(UUID(task["id"]), "next"))


@pytest.fixture
def recurring(make_task):
    """A task that was due and recurs each day, with all that it can have."""
    return make_task(
        title="Water the plants",
        description="All but the cactus",
        due_on="2026-01-09",
        time_zone="Europe/Berlin",
        recurrence="FREQ=DAILY",
        priority="high",
        tags=["home", "green"],
        position="a0V",
    )


@pytest.fixture
def everything(client, path):
    """All tasks that the user has, and those in the trash, the newest change first."""

    def ask(**query):
        query = {"limit": 100, "sort": "-updated_at", **query}
        return client.get(path, query_string=query).json

    return ask


COMPLETIONS = {
    "toggle": lambda client, one: client.patch(f"{one}/complete"),
    "set": lambda client, one: client.patch(f"{one}/complete", json={"completed": True}),
    "put": lambda client, one: client.put(one, json={"completed": True}),
    "patch": lambda client, one: client.patch(one, json={"completed": True}),
    "if match": lambda client, one: client.put(
        one,
        json={"completed": True},
        headers={"If-Match": client.get(one).headers["ETag"]},
    ),
}
completing = pytest.mark.parametrize("complete", COMPLETIONS.values(), ids=COMPLETIONS)


@completing
def test_completing_makes_the_next_task(client, path, user, recurring, complete):
    answer = complete(client, f"{path}/{recurring['id']}")
    assert answer.status_code == 200
    done = answer.json
    assert answer.headers["ETag"].startswith(f'"{done["revision"]}-')
    assert done == {
        **recurring,
        "completed": True,
        "completed_at": done["updated_at"],
        "updated_at": done["updated_at"],
        "next_task_id": next_id(recurring),
        "revision": done["revision"],
    }
    following = client.get(f"{path}/{done['next_task_id']}").json
    berlin = datetime.fromisoformat(done["completed_at"]).astimezone(ZoneInfo("Europe/Berlin"))
    assert following == {
        **recurring,
        "id": next_id(recurring),
        "due_on": (berlin.date() + timedelta(days=1)).isoformat(),
        "created_at": done["updated_at"],
        "updated_at": done["updated_at"],
        "revision": done["revision"] + 1,
    }
    feed = client.get(f"/api/{user}/changes?since={recurring['revision']}").json
    assert feed["changes"] == [done, following]
    assert feed["revision"] == following["revision"]


def test_moment_recurs_by_the_clock_of_its_time_zone(client, path, make_task):
    """At nine in New York, whether it is summer or not."""
    for start in ("2026-01-05T14:00:00Z", "2026-07-06T13:00:00Z"):
        task = make_task(due_at=start, time_zone="America/New_York", recurrence="FREQ=DAILY")
        done = client.patch(f"{path}/{task['id']}/complete").json
        following = client.get(f"{path}/{done['next_task_id']}").json
        local = datetime.fromisoformat(following["due_at"]).astimezone(ZoneInfo("America/New_York"))
        assert (local.hour, local.minute) == (9, 0)
        completed_at = datetime.fromisoformat(done["completed_at"])
        assert timedelta(0) < local - completed_at <= timedelta(days=1, hours=1)
        assert following["due_on"] is None


def test_task_that_is_completed_early_is_due_after_its_due(client, path, make_task):
    due = (datetime.now(UTC) + timedelta(days=30)).date()
    task = make_task(due_on=due.isoformat(), recurrence="FREQ=WEEKLY")
    done = client.patch(f"{path}/{task['id']}/complete").json
    following = client.get(f"{path}/{done['next_task_id']}").json
    assert following["due_on"] == (due + timedelta(days=7)).isoformat()


def test_count_is_lowered_to_the_last(client, path, make_task, everything):
    task = make_task(due_on="2026-01-09", recurrence="FREQ=DAILY;COUNT=3;INTERVAL=2")
    seen = []
    while task["id"] not in seen:
        seen.append(task["id"])
        done = client.patch(f"{path}/{task['id']}/complete").json
        assert done["recurrence"] == f"FREQ=DAILY;COUNT={4 - len(seen)};INTERVAL=2"
        if done["next_task_id"]:
            task = client.get(f"{path}/{done['next_task_id']}").json
    assert len(seen) == 3
    assert done["next_task_id"] is None
    assert {each["id"] for each in everything()} == set(seen)


def test_nothing_follows_after_until(client, path, make_task, everything):
    make = [
        make_task(due_on="2026-01-09", recurrence="FREQ=DAILY;UNTIL=20260110"),
        make_task(due_at=MOMENT, recurrence="FREQ=DAILY;UNTIL=20260110T170000Z"),
    ]
    for task in make:
        done = client.patch(f"{path}/{task['id']}/complete").json
        assert (done["completed"], done["next_task_id"]) == (True, None)
        # No revision is taken for a task that isn't made.
        assert client.get(path).headers["ETag"].startswith(f'"{done["revision"]}-')
    assert len(everything()) == 2


@completing
def test_reopening_leaves_the_next_task_alone_and_completing_again_makes_no_other(
    client, path, recurring, everything, statements, complete
):
    one = f"{path}/{recurring['id']}"
    done = complete(client, one).json
    following = client.get(f"{path}/{done['next_task_id']}").json
    reopened = client.patch(f"{one}/complete", json={"completed": False}).json
    assert reopened["next_task_id"] == done["next_task_id"]
    assert reopened["completed_at"] is None
    again = complete(client, one).json
    assert (again["completed"], again["next_task_id"]) == (True, done["next_task_id"])
    assert everything() == [again, following]


@pytest.mark.parametrize("purged", [False, True])
def test_next_task_that_was_deleted_is_not_made_again(
    client, path, user, database, recurring, everything, purged
):
    one = f"{path}/{recurring['id']}"
    done = client.patch(f"{one}/complete").json
    assert client.delete(f"{path}/{done['next_task_id']}").status_code == 204
    if purged:
        gone = "DELETE FROM tasks WHERE user_id = :user AND deleted_at IS NOT NULL"
        database.execute(sa.text(gone), {"user": user})
    client.patch(f"{one}/complete")
    again = client.patch(f"{one}/complete").json
    assert (again["completed"], again["next_task_id"]) == (True, done["next_task_id"])
    assert everything() == [again]
    if not purged:
        restored = client.post(f"{path}/{done['next_task_id']}/restore").json
        assert everything() == [restored, again]


@pytest.mark.parametrize("deleted", [False, True])
def test_next_task_that_a_device_has_made_offline_stays_as_it_is(
    client, path, recurring, everything, deleted
):
    made = client.post(path, json={"id": next_id(recurring), "title": "made offline"}).json
    if deleted:
        client.delete(f"{path}/{made['id']}")
    done = client.patch(f"{path}/{recurring['id']}/complete").json
    assert done["next_task_id"] == made["id"]
    assert everything() == ([done] if deleted else [done, made])
    assert len(everything(deleted="true")) == deleted


def test_members_that_are_changed_at_the_same_time_are_those_of_both(client, path, recurring):
    changes = {
        "completed": True,
        "title": "Feed the cat",
        "priority": "low",
        "tags": [],
        "description": None,
        "due_on": None,
        "due_at": "2026-01-09T18:00:00.5+01:00",
        "recurrence": "freq=weekly;count=2",
    }
    done = client.put(f"{path}/{recurring['id']}", json=changes).json
    following = client.get(f"{path}/{done['next_task_id']}").json
    for task in (done, following):
        assert {name: task[name] for name in ("title", "priority", "tags", "description")} == {
            "title": "Feed the cat",
            "priority": "low",
            "tags": [],
            "description": None,
        }
    assert (done["due_at"], done["recurrence"]) == (
        "2026-01-09T17:00:00.500000Z",
        "FREQ=WEEKLY;COUNT=2",
    )
    assert following["recurrence"] == "FREQ=WEEKLY;COUNT=1"
    assert following["due_at"].endswith(".500000Z")
    assert date.fromisoformat(following["due_at"][:10]).weekday() == 4


def test_recurrence_that_ends_at_the_same_time_makes_no_other_task(
    client, path, recurring, everything
):
    body = {"completed": True, "recurrence": None}
    done = client.patch(f"{path}/{recurring['id']}", json=body).json
    assert (done["completed"], done["next_task_id"]) == (True, None)
    assert everything() == [done]


def test_recurrence_that_begins_at_the_same_time_makes_the_next_task(
    client, path, make_task, everything
):
    task = make_task(due_on="2026-01-09")
    body = {"completed": True, "recurrence": "FREQ=DAILY"}
    done = client.patch(f"{path}/{task['id']}", json=body).json
    assert [each["id"] for each in everything(completed="false")] == [done["next_task_id"]]


def test_recurrence_that_comes_to_a_completed_task_makes_no_other(
    client, path, make_task, everything
):
    task = make_task(due_on="2026-01-09", completed=True)
    one = f"{path}/{task['id']}"
    assert client.patch(one, json={"recurrence": "FREQ=DAILY"}).json["next_task_id"] is None
    assert client.put(one, json={"completed": True}).json["next_task_id"] is None
    assert len(everything()) == 1


@completing
def test_many_completions_at_once_make_one_next_task(app, path, user, recurring, complete):
    one = f"{path}/{recurring['id']}"
    answers = race(8, lambda _: complete(app.test_client(), one))
    assert {answer.status_code for answer in answers} <= {200, 412}
    client = app.test_client()
    # An even number of toggles has reopened it.
    others = [task for task in client.get(path).json if task["id"] != recurring["id"]]
    assert [task["id"] for task in others] == [next_id(recurring)]
    assert client.get(one).json["next_task_id"] == next_id(recurring)
    feed = client.get(f"/api/{user}/changes").json["changes"]
    assert len({task["revision"] for task in feed}) == len(feed) == 2


def test_flips_at_once_are_all_done(app, path, recurring):
    """Though those that complete it, and find it open, need a second statement."""
    one = f"{path}/{recurring['id']}"
    for number in (8, 7):
        answers = race(number, lambda _: app.test_client().patch(f"{one}/complete"))
        assert [answer.status_code for answer in answers] == [200] * number
    assert app.test_client().get(one).json["completed"] is True


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k"}])
def test_task_that_is_made_completed_leaves_the_next(
    client, path, user, everything, statements, headers
):
    body = {
        "title": "x",
        "completed": True,
        "due_on": "2026-01-09",
        "recurrence": "FREQ=DAILY;COUNT=2",
    }
    answer = client.post(path, json=body, headers=headers)
    assert answer.status_code == 201
    assert len(statements) == 1
    done = answer.json
    [following] = everything(completed="false")
    assert done["next_task_id"] == next_id(done) == following["id"]
    assert following["recurrence"] == "FREQ=DAILY;COUNT=1"
    assert (following["next_task_id"], following["completed_at"]) == (None, None)
    assert following["due_on"] > done["completed_at"][:10]
    assert client.get(f"/api/{user}/changes").json["changes"] == [done, following]
    if headers:
        repeated = client.post(path, json=body, headers=headers)
        assert (repeated.status_code, repeated.json) == (201, done)
        assert len(everything()) == 2


def test_repeats_of_a_creation_at_once_make_one_next_task(app, path):
    body = {"title": "x", "completed": True, "due_on": "2026-01-09", "recurrence": "FREQ=DAILY"}
    by_key = race(
        6, lambda _: app.test_client().post(path, json=body, headers={"Idempotency-Key": "k"})
    )
    chosen = {**body, "id": str(uuid4())}
    by_id = race(6, lambda _: app.test_client().post(path, json=chosen))
    assert {answer.status_code for answer in by_key} == {201}
    assert sorted(answer.status_code for answer in by_id) == [200] * 5 + [201]
    tasks = app.test_client().get(path).json
    done = [task for task in tasks if task["completed"]]
    assert {task["id"] for task in tasks if not task["completed"]} == set(map(next_id, done))
    assert len(tasks) == 4


def test_task_that_exists_open_is_not_completed_by_its_creation(client, path, everything):
    body = {"id": str(uuid4()), "title": "x", "due_on": "2026-01-09", "recurrence": "FREQ=DAILY"}
    made = client.post(path, json=body).json
    again = client.post(path, json={**body, "completed": True})
    assert (again.status_code, again.json) == (200, made)
    assert everything() == [made]


def test_batch_leaves_the_next_of_each_that_is_completed(client, path, user, everything):
    daily = {"title": "x", "due_on": "2026-01-09", "recurrence": "FREQ=DAILY"}
    mine = str(uuid4())
    batch = [
        {"title": "before"},
        {**daily, "completed": True},
        daily,
        # As somebody who brings all tasks along has them.
        {**daily, "completed": True, "id": mine},
        {**daily, "id": str(uuid5(UUID(mine), "next")), "title": "brought along"},
        {**daily, "completed": True, "recurrence": "FREQ=DAILY;COUNT=1"},
    ]
    answer = client.post(f"{path}/batch", json=batch)
    assert answer.status_code == 201, answer.text
    made = answer.json
    assert [task["title"] for task in made] == [task["title"] for task in batch]
    assert [task["next_task_id"] for task in made] == [
        None,
        next_id(made[1]),
        None,
        made[4]["id"],
        None,
        None,
    ]
    feed = client.get(f"/api/{user}/changes").json["changes"]
    ids = [task["id"] for task in made]
    assert [task["id"] for task in feed] == [*ids[:2], next_id(made[1]), *ids[2:]]
    assert [task["revision"] for task in feed] == [1, 2, 3, 4, 5, 6, 7]
    assert len(everything()) == 7


def test_created_task_whose_next_was_made_offline_leaves_it_as_it_is(client, path, everything):
    mine = uuid4()
    made = client.post(path, json={"id": str(uuid5(mine, "next")), "title": "offline"}).json
    body = {"title": "x", "completed": True, "due_on": "2026-01-09", "recurrence": "FREQ=DAILY"}
    done = client.post(path, json={**body, "id": str(mine)})
    assert (done.status_code, done.json["next_task_id"]) == (201, made["id"])
    assert everything() == [done.json, made]


def test_completing_what_does_not_recur_is_one_statement(client, path, make_task, statements):
    ids = [make_task(), make_task(due_on="2026-01-09"), make_task(due_at=MOMENT, time_zone="UTC")]
    for task in ids:
        for complete in (COMPLETIONS["toggle"], COMPLETIONS["set"], COMPLETIONS["put"]):
            statements.clear()
            complete(client, f"{path}/{task['id']}")
            assert len(statements) == 1


def test_what_recurs_is_found_by_one_statement_and_written_by_another(
    client, path, recurring, statements
):
    one = f"{path}/{recurring['id']}"
    for body, number in (
        ({"title": "y"}, 1),
        ({"completed": False}, 1),
        ({"completed": True}, 2),
        ({"completed": True}, 1),
        ({"completed": False}, 1),
        ({"completed": True}, 1),
    ):
        statements.clear()
        client.put(one, json=body)
        assert len(statements) == number


@pytest.fixture
def meanwhile(wire):
    """Do something after each statement that is sent, as long as there is something to do."""
    acts = []

    def see(_sent):
        if acts:
            acting, acts[:] = acts.pop(0), []
            acts.extend(acting() or [])

    wire._listeners.append(see)
    yield acts
    wire._listeners.remove(see)


def write_as_somebody_else(database, user, **changes):
    columns = "".join(f", {name} = :{name}" for name in changes)
    sql = (
        "WITH counter AS (UPDATE users SET revision = revision + 1 WHERE id = :user"
        " RETURNING revision) UPDATE tasks SET revision = counter.revision"
        f"{columns} FROM counter WHERE user_id = :user"
    )
    database.execute(sa.text(sql), {"user": user, **changes})


def test_completion_begins_again_if_somebody_was_faster(
    client, path, user, database, recurring, statements, meanwhile
):
    meanwhile.append(lambda: write_as_somebody_else(database, user, title="faster"))
    statements.clear()
    done = client.put(f"{path}/{recurring['id']}", json={"completed": True}).json
    assert len(statements) == 4
    following = client.get(f"{path}/{done['next_task_id']}").json
    assert (done["title"], following["title"]) == ("faster", "faster")


def test_completion_of_what_was_completed_meanwhile_makes_no_other(
    client, path, user, database, recurring, everything, meanwhile
):
    meanwhile.append(
        lambda: write_as_somebody_else(database, user, completed=True, next_task_id=uuid4())
    )
    done = client.put(f"{path}/{recurring['id']}", json={"completed": True}).json
    assert everything() == [done]


def test_completion_of_what_was_deleted_meanwhile_is_a_404(
    client, path, user, database, recurring, meanwhile
):
    meanwhile.append(lambda: write_as_somebody_else(database, user, deleted_at=datetime.now(UTC)))
    answer = client.patch(f"{path}/{recurring['id']}/complete")
    assert answer.status_code == 404


def test_precondition_that_fails_meanwhile_is_a_412(
    client, path, user, database, recurring, everything, meanwhile
):
    meanwhile.append(lambda: write_as_somebody_else(database, user, title="faster"))
    headers = {"If-Match": f'"{recurring["revision"]}"'}
    answer = client.patch(f"{path}/{recurring['id']}/complete", headers=headers)
    assert answer.status_code == 412
    [task] = everything()
    assert (task["completed"], task["title"]) == (False, "faster")
    assert answer.json["task"] == task


# What doesn't go together.


@pytest.mark.parametrize(
    "members", [{"recurrence": "FREQ=DAILY"}, {"recurrence": "FREQ=DAILY", "due_on": None}]
)
def test_new_task_that_recurs_without_a_due_is_refused(client, path, members):
    body = {"title": "x", **members}
    answer = client.post(path, json=body)
    assert answer.status_code == 422
    assert answer.json["errors"] == [{"detail": NEEDS_DUE, "pointer": "#/recurrence"}]
    answer = client.post(f"{path}/batch", json=[{"title": "y"}, body])
    assert answer.json["errors"] == [{"detail": NEEDS_DUE, "pointer": "#/1/recurrence"}]
    assert client.get(path).json == []


@pytest.mark.parametrize("completed", [{}, {"completed": True}, {"completed": False}])
@pytest.mark.parametrize(
    ("has", "sent", "place", "detail"),
    [
        ({}, {"recurrence": "FREQ=DAILY"}, "recurrence", NEEDS_DUE),
        (
            {"due_on": "2026-01-09", "recurrence": "FREQ=DAILY"},
            {"due_on": None},
            "due_on",
            NEEDS_DUE,
        ),
        (
            {"due_at": MOMENT, "recurrence": "FREQ=DAILY"},
            {"due_at": None, "title": "y"},
            "due_at",
            NEEDS_DUE,
        ),
        (
            {"due_on": "2026-01-09", "recurrence": "FREQ=DAILY"},
            {"due_at": MOMENT},
            "due_at",
            "due_on and due_at exclude each other: send the other one as null.",
        ),
    ],
)
def test_change_after_which_a_recurrence_does_not_fit_is_refused(
    client, path, make_task, has, sent, place, detail, completed
):
    task = make_task(**has)
    answer = client.patch(f"{path}/{task['id']}", json={**sent, **completed})
    assert answer.status_code == 422, answer.text
    assert answer.json["errors"] == [{"detail": detail, "pointer": f"#/{place}"}]
    assert client.get(f"{path}/{task['id']}").json == task


def test_recurrence_and_due_can_be_cleared_together(client, path, recurring):
    cleared = client.patch(
        f"{path}/{recurring['id']}", json={"due_on": None, "recurrence": None}
    ).json
    assert (cleared["due_on"], cleared["recurrence"]) == (None, None)
    assert cleared["time_zone"] == "Europe/Berlin"


def test_rule_comes_back_in_upper_case(client, path, make_task):
    task = make_task(due_on="2026-01-09", recurrence="freq=weekly;byday=mo,fr")
    assert task["recurrence"] == "FREQ=WEEKLY;BYDAY=MO,FR"


@pytest.mark.parametrize(
    ("recurrence", "detail"),
    [
        ("FREQ=HOURLY", "FREQ must not be HOURLY."),
        (
            "FREQ=DAILY;BYHOUR=9",
            "BYHOUR=9 is none of FREQ, INTERVAL, COUNT, UNTIL, BYDAY, BYMONTHDAY, BYMONTH, "
            "BYSETPOS, WKST.",
        ),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=YEARLY never comes with these other parts."),
        ("FREQ=DAILY;BYDAY=" + "MO," * 62, "Longer than maximum length 200."),
        ("FREQ=DAILY\0", "Must not contain a NUL character."),
        (1, "Not a valid string."),
    ],
)
def test_what_is_no_rule_is_refused_with_its_part(client, path, recurrence, detail):
    body = {"title": "x", "due_on": "2026-01-09", "recurrence": recurrence}
    answer = client.post(path, json=body)
    assert answer.status_code == 422
    assert answer.json["errors"] == [{"detail": detail, "pointer": "#/recurrence"}]


def test_longest_rule_is_accepted(make_task):
    days = ",".join(str(number) for number in range(1, 32))
    rule = f"FREQ=MONTHLY;BYMONTHDAY={days};BYDAY=MO,TU,WE,TH,FR,SA,SU;BYMONTH=1,2,3,4,5,6,7,8,9"
    assert len(rule) <= 200
    assert make_task(due_on="2026-01-09", recurrence=rule)["recurrence"] == rule


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Calcutta", "UTC", "Etc/GMT+12", "CET"])
def test_time_zone_comes_back(client, path, make_task, zone):
    task = make_task(time_zone=zone)
    assert task["time_zone"] == zone
    assert client.put(f"{path}/{task['id']}", json={"time_zone": None}).json["time_zone"] is None


@pytest.mark.parametrize(
    "zone", ["Mars/Olympus", "europe/berlin", "+01:00", "", "../../etc/passwd", "/etc/localtime", 1]
)
def test_what_is_no_time_zone_is_refused(client, path, zone):
    answer = client.post(path, json={"title": "x", "time_zone": zone})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == ["#/time_zone"]


def test_next_task_id_of_a_request_is_ignored(client, path, make_task):
    task = make_task(next_task_id=str(uuid4()))
    assert task["next_task_id"] is None
    body = {"title": "y", "next_task_id": "anything"}
    assert client.put(f"{path}/{task['id']}", json=body).json["next_task_id"] is None


@pytest.mark.parametrize("due", ["0001-01-01", "9999-12-31"])
def test_ends_of_the_calendar_are_no_defect(client, path, make_task, due):
    for zone in ("Pacific/Kiritimati", "Etc/GMT+12", None):
        for members in ({"due_on": due}, {"due_at": f"{due}T12:00:00Z"}):
            task = make_task(**members, time_zone=zone, recurrence="FREQ=DAILY")
            answer = client.patch(f"{path}/{task['id']}/complete")
            assert answer.status_code == 200
            if due.startswith("9999"):
                assert answer.json["next_task_id"] is None
