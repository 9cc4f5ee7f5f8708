"""Positions: keys that clients make, of which only the bytes count."""

import pytest
from fractional_indexing import generate_key_between


@pytest.mark.parametrize("position", ["a0", "Zz", "0", "z" * 100, "a0V"])
def test_position_comes_back_as_it_was_sent(client, path, make_task, position):
    task = make_task(position=position)
    assert task["position"] == position
    assert client.put(f"{path}/{task['id']}", json={"position": None}).json["position"] is None
    assert client.patch(f"{path}/{task['id']}", json={"position": position}).json == {
        **task,
        "revision": 3,
        "updated_at": client.get(path).json[0]["updated_at"],
    }


@pytest.mark.parametrize("position", ["", "a" * 101, "a-b", "a b", "ä", "a0\n", "\0", 1, True, []])
def test_what_is_no_position_is_refused(client, path, position):
    answer = client.post(path, json={"title": "x", "position": position})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == ["#/position"]


def test_order_is_that_of_the_bytes_and_tasks_without_a_position_are_last(client, path, make_task):
    positions = ["0", "00", "A", "Zz", "a", "a0", "a00", "aZ", "aa", "b", "z", "zz"]
    made = {position: make_task(position=position)["id"] for position in reversed(positions)}
    without = [make_task()["id"], make_task()["id"]]
    in_order = [made[position] for position in positions]
    listed = client.get(path, query_string={"sort": "position"}).json
    assert [task["id"] for task in listed] == [*in_order, *without]
    listed = client.get(path, query_string={"sort": "-position"}).json
    assert [task["id"] for task in listed] == [*in_order[::-1], *without[::-1]]


@pytest.mark.parametrize("order", ["position", "-position"])
def test_order_does_not_depend_on_the_locale_of_the_database(client, path, statements, order):
    """Most locales put `a` before `B`; the tests' own PostgreSQL has none of them."""
    client.get(path, query_string={"sort": order})
    sorted_by = [key for node in statements[-1].plan() for key in node.get("Sort Key", [])]
    by_position = [key for key in sorted_by if "position" in key]
    assert by_position
    assert all('COLLATE "C"' in key for key in by_position)


def test_task_is_moved_by_changing_that_task_alone(client, path, make_task):
    first, second = make_task(position="a0"), make_task(position="a1")
    last = make_task(position="a2")
    between = generate_key_between(first["position"], second["position"])
    moved = client.patch(f"{path}/{last['id']}", json={"position": between}).json
    listed = client.get(path, query_string={"sort": "position"}).json
    assert listed == [first, moved, second]
