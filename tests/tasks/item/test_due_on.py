"""All-day tasks: a day without a zone, in place of a moment."""

import pytest

MOMENT = "2026-01-09T17:00:00Z"
EXCLUDED = "due_on and due_at exclude each other: send the other one as null."


@pytest.mark.parametrize("day", ["2026-01-09", "0001-01-01", "9999-12-31", "2024-02-29"])
def test_day_comes_back_as_it_was_sent(client, path, make_task, day):
    task = make_task(due_on=day)
    assert (task["due_on"], task["due_at"]) == (day, None)
    assert client.get(f"{path}/{task['id']}").json == task
    assert client.put(f"{path}/{make_task()['id']}", json={"due_on": day}).json["due_on"] == day
    assert client.post(f"{path}/batch", json=[{"title": "x", "due_on": day}]).json[0] == {
        **client.get(path).json[0],
        "due_on": day,
    }


@pytest.mark.parametrize(
    "given",
    [
        "2026-01-09T00:00:00Z",
        "2026-01-09Z",
        "20260109",
        "2026-W02-5",
        "2026-1-9",
        "26-01-09",
        "2026-01-09\n",
        "٢٠٢٦-01-09",
        "infinity",
        "today",
        "",
        20260109,
        True,
    ],
)
def test_what_is_no_date_is_refused(client, path, given):
    answer = client.post(path, json={"title": "x", "due_on": given})
    assert answer.status_code == 422
    assert answer.json["errors"] == [
        {"detail": "Must be a date without a time, such as 2026-01-09.", "pointer": "#/due_on"}
    ]


@pytest.mark.parametrize("given", ["2026-02-29", "2026-04-31", "2026-13-01", "0000-01-01"])
def test_day_that_does_not_exist_is_refused(client, path, given):
    answer = client.post(path, json={"title": "x", "due_on": given})
    assert answer.status_code == 422
    assert answer.json["errors"] == [
        {"detail": "Must be a date that exists, from the year 1 on.", "pointer": "#/due_on"}
    ]


def test_new_task_with_both_dues_is_refused(client, path):
    both = {"title": "x", "due_at": MOMENT, "due_on": "2026-01-09"}
    error = {"detail": EXCLUDED, "pointer": "#/due_on"}
    answer = client.post(path, json=both)
    assert (answer.status_code, answer.json["errors"]) == (422, [error])
    answer = client.post(path, json=both, headers={"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json["errors"]) == (422, [error])
    answer = client.post(f"{path}/batch", json=[{"title": "y"}, both, both])
    assert answer.status_code == 422
    assert answer.json["errors"] == [
        {"detail": EXCLUDED, "pointer": "#/1/due_on"},
        {"detail": EXCLUDED, "pointer": "#/2/due_on"},
    ]
    assert client.get(path).json == []


@pytest.mark.parametrize("method", ["put", "patch"])
@pytest.mark.parametrize(
    ("has", "sent"),
    [
        ({"due_at": MOMENT}, {"due_on": "2026-01-09"}),
        ({"due_on": "2026-01-09"}, {"due_at": MOMENT, "title": "y"}),
        ({}, {"due_at": MOMENT, "due_on": "2026-01-09"}),
    ],
)
def test_setting_one_due_while_the_other_is_set_is_refused(
    client, path, make_task, method, has, sent
):
    task = make_task(**has)
    place = "due_on" if "due_on" in sent else "due_at"
    for headers in ({}, {"If-Match": f'"{task["revision"]}"'}):
        answer = getattr(client, method)(f"{path}/{task['id']}", json=sent, headers=headers)
        assert answer.status_code == 422
        assert answer.json["errors"] == [{"detail": EXCLUDED, "pointer": f"#/{place}"}]
    assert client.get(f"{path}/{task['id']}").json == task


def test_precondition_that_fails_comes_before_dues_that_exclude_each_other(client, path, make_task):
    one = f"{path}/{make_task(due_at=MOMENT)['id']}"
    headers = {"If-Match": '"0"'}
    assert client.put(one, json={"due_on": "2026-01-09"}, headers=headers).status_code == 412


def test_task_changes_from_one_due_to_the_other_at_once(client, path, make_task):
    one = f"{path}/{make_task(due_at=MOMENT)['id']}"
    day = client.put(one, json={"due_at": None, "due_on": "2026-01-09"}).json
    assert (day["due_at"], day["due_on"]) == (None, "2026-01-09")
    moment = client.patch(one, json={"due_at": MOMENT, "due_on": None}).json
    assert (moment["due_at"], moment["due_on"]) == (MOMENT, None)


def test_constraint_that_is_no_rule_of_the_service_is_a_defect(client, path, make_task, wire):
    """PostgreSQL itself refuses here what the schema would have refused before."""
    one = f"{path}/{make_task()['id']}"
    wire.instead.append(
        f"UPDATE tasks SET title = '' WHERE tasks.user_id = '{path.split('/')[2]}' RETURNING 1"
    )
    assert client.put(one, json={"title": "y"}).status_code == 500
