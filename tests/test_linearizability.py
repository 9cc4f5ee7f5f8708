"""The checker of histories refuses those that can't have happened, and no others."""

import pytest
from tools.linearizability import is_linearizable
from tools.task_history import Operation, Task, step

UNKNOWN = None


def task(title: str, revision: int, *, completed: bool = False) -> dict[str, object]:
    return {"title": title, "revision": revision, "completed": completed}


CREATED = Operation("create", 0, 1, "a", status=201, body=task("a", 1))
# Sent and answered one after the other.
PUT_B = Operation("put", 2, 3, "b", status=200, body=task("b", 2))
PUT_C = Operation("put", 4, 5, "c", status=200, body=task("c", 3))
DONE = Operation("toggle", 2, 3, status=200, body=task("a", 2, completed=True))
DELETED = Operation("delete", 2, 3, status=204)
PUSHED = Operation("push", 2, 3, ("a", "b"), status=200, body=task("b", 2))
# Nobody knows whether, and when, these are done.
PUT_LOST = Operation("put", 2, UNKNOWN, "b")
PUSH_LOST = Operation("push", 2, UNKNOWN, ("a", "b"))
TOGGLE_LOST = Operation("toggle", 2, UNKNOWN)
DELETE_LOST = Operation("delete", 2, UNKNOWN)


def get(sent: float, answered: float, *given: object, **options: bool) -> Operation:
    """Return a read that found a task of this title and revision, or none."""
    if not given:
        return Operation("get", sent, answered, status=404)
    return Operation("get", sent, answered, status=200, body=task(*given, **options))


def put_if(expected: int, title: str, sent: float, answered: float, **answer: object) -> Operation:
    return Operation("put", sent, answered, title, expected, **answer)


@pytest.mark.parametrize(
    "history",
    [
        pytest.param([PUT_B, PUT_C, get(6, 7, "c", 3)], id="one after the other"),
        pytest.param([PUT_B, get(2, 3, "a", 1)], id="a read beside a write, before it"),
        pytest.param([PUT_B, get(2, 3, "b", 2)], id="a read beside a write, after it"),
        pytest.param([DELETED, get(4, 5)], id="a deleted task is not found"),
        pytest.param(
            [DELETED, Operation("restore", 4, 5, status=200, body=task("a", 3)), get(6, 7, "a", 3)],
            id="a restored task is found",
        ),
        pytest.param([PUT_LOST, get(4, 5, "a", 1)], id="a lost write was not done"),
        pytest.param([PUT_LOST, get(4, 5, "b", 2)], id="a lost write was done"),
        pytest.param(
            [PUT_LOST, get(4, 5, "a", 1), get(6, 7, "b", 2)], id="a lost write was done later"
        ),
        pytest.param(
            [TOGGLE_LOST, TOGGLE_LOST, get(4, 5, "a", 3)], id="two lost flips were both done"
        ),
        pytest.param([DELETE_LOST, get(4, 5), get(6, 7)], id="a lost deletion was done"),
        pytest.param(
            [
                put_if(1, "b", 2, 4, status=200, body=task("b", 2)),
                put_if(1, "c", 2, 4, status=412),
            ],
            id="one of two with the same entity tag succeeds",
        ),
        pytest.param([PUSHED, get(4, 5, "b", 2)], id="a push"),
        pytest.param(
            [PUSH_LOST, Operation("push", 4, 5, ("a", "b"), status=200, body=task("b", 2))],
            id="a lost push that was done, or not, and is repeated",
        ),
        pytest.param(
            [PUT_C, Operation("push", 6, 7, ("a", "b"), status=409, body=task("c", 3))],
            id="a push that conflicts",
        ),
        pytest.param(
            [DELETED, Operation("push", 4, 5, ("a", "b"), status=410)],
            id="a push to what is in the trash",
        ),
    ],
)
def test_history_that_can_have_happened_is_accepted(history):
    assert is_linearizable([CREATED, *history], Task(), step)


@pytest.mark.parametrize(
    "history",
    [
        pytest.param([PUT_B, get(4, 5, "a", 1)], id="a stale read"),
        pytest.param([PUT_B, get(4, 5)], id="a read that finds nothing"),
        pytest.param([PUT_B, get(4, 5, "b", 7)], id="a revision that nothing has made"),
        pytest.param(
            [get(2, 5, "b", 2), Operation("put", 6, 7, "b", status=200, body=task("b", 2))],
            id="a read before the write",
        ),
        pytest.param(
            [
                DONE,
                Operation("toggle", 2, 3, status=200, body=task("a", 3, completed=True)),
            ],
            id="a lost update: two flips, and both make it completed",
        ),
        pytest.param(
            [Operation("toggle", 2, 3, status=200, body=task("a", 3))],
            id="a flip that was done twice",
        ),
        pytest.param([TOGGLE_LOST, get(4, 5, "a", 3)], id="a lost flip that was done twice"),
        pytest.param(
            [PUT_LOST, get(4, 5, "b", 2), get(6, 7, "a", 1)], id="a lost write that is undone"
        ),
        pytest.param([get(0, 1, "b", 2), PUT_LOST], id="a lost write before it was sent"),
        pytest.param([DELETED, get(4, 5, "a", 1)], id="a deleted task is found"),
        pytest.param([DELETED, PUT_C], id="a deleted task is changed"),
        pytest.param([Operation("delete", 2, 3, status=404)], id="a task is there and not found"),
        pytest.param([Operation("restore", 2, 3, status=200, body=task("a", 2))], id="no trash"),
        pytest.param(
            [
                put_if(1, "b", 2, 4, status=200, body=task("b", 2)),
                put_if(1, "c", 2, 4, status=200, body=task("c", 3)),
            ],
            id="both of two with the same entity tag succeed",
        ),
        pytest.param([put_if(1, "b", 2, 3, status=412)], id="a refusal of the right entity tag"),
        pytest.param(
            [put_if(1, "b", 2, 3, status=412), get(4, 5, "b", 2)], id="a refusal that was done"
        ),
        pytest.param([CREATED], id="a task that is made twice"),
        pytest.param(
            [PUT_B, Operation("push", 4, 5, ("a", "c"), status=200, body=task("c", 3))],
            id="a push that overwrites what it didn't know",
        ),
        pytest.param(
            [PUSHED, Operation("push", 4, 5, ("a", "b"), status=200, body=task("b", 3))],
            id="a push that is done twice",
        ),
        pytest.param(
            [Operation("push", 2, 3, ("a", "b"), status=409, body=task("a", 1))],
            id="a conflict with nobody",
        ),
        pytest.param(
            [PUT_B, Operation("push", 4, 5, ("a", "c"), status=409, body=task("a", 1))],
            id="a conflict with another task than there is",
        ),
        pytest.param(
            [PUT_B, Operation("push", 4, 5, ("a", "c"), status=409), get(6, 7, "c", 3)],
            id="a conflict that was done",
        ),
    ],
)
def test_history_that_cannot_have_happened_is_refused(history):
    assert not is_linearizable([CREATED, *history], Task(), step)
