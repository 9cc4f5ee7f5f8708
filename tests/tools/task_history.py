"""What a client did to one task and was answered, and what each operation does."""

import time
from dataclasses import dataclass, replace
from typing import Any, Literal

Kind = Literal["create", "put", "toggle", "set", "delete", "restore", "get", "push"]
READS = {"get"}
SUCCESS = {"create": 201, "delete": 204}


@dataclass(frozen=True)
class Task:
    """A task, or the place of one that doesn't exist yet, as far as its history says.

    Args:
        revision: its revision; the lowest that it can have, if it isn't exact.
    """

    title: str | None = None
    completed: bool = False
    deleted: bool = True
    revision: int = 0
    exact: bool = True


@dataclass(frozen=True)
class Operation:
    """An operation on one task.

    Args:
        value: the title, or whether it is completed; of a push, what the title was and is set to.
        expected: the revision in `If-Match`.
        status: that of the answer; None if the answer doesn't say whether it was done.
        body: the task in the answer.
    """

    kind: Kind
    sent: float
    answered: float | None = None
    value: Any = None
    expected: int | None = None
    status: int | None = None
    body: dict[str, Any] | None = None

    def answer(self, status: int, body: dict[str, Any] | None) -> "Operation":
        """Return the operation, answered now."""
        return replace(self, answered=time.monotonic(), status=status, body=body)


def step(task: Task, operation: Operation) -> Task | None:
    """Return the task after an operation, or None if it can't have had its answer then."""
    success = SUCCESS.get(operation.kind, 200)
    status, after = _outcome(task, operation)
    if operation.status is None:
        return after if status == success else None
    if operation.status == 412:
        # It can't be right if the task is there and certainly has the expected revision.
        return None if task.deleted or (status != 412 and task.exact) else task
    if operation.status != status:
        return None
    if operation.body is None:
        return after
    return _with_revision(after, operation.body)


def _outcome(task: Task, operation: Operation) -> tuple[int, Task]:
    """Return the status and the task afterwards, with its lowest revision."""
    changes: dict[str, Any] = {
        "create": {"title": operation.value, "deleted": False},
        "put": {"title": operation.value},
        "toggle": {"completed": not task.completed},
        "set": {"completed": operation.value},
        "delete": {"deleted": True},
        "restore": {"deleted": False},
        "push": {"title": operation.kind == "push" and operation.value[1]},
        "get": {},
    }[operation.kind]
    after = replace(task, **changes, revision=task.revision + 1, exact=False)
    if operation.kind == "create":
        return (201, after) if task.title is None else (409, task)
    if operation.kind == "restore":
        return (200, after) if task.deleted else (409, task)
    if operation.kind == "push":
        return _pushed(task, operation, after)
    if task.deleted or operation.kind == "get":
        return (404 if task.deleted else 200), task
    if operation.expected is not None and not _may_have(task, operation.expected):
        return 412, task
    return (204 if operation.kind == "delete" else 200), after


def _pushed(task: Task, operation: Operation, after: Task) -> tuple[int, Task]:
    was, given = operation.value
    if task.deleted:
        return 410, task
    if task.title == given:
        return 200, task
    return (200, after) if task.title == was else (409, task)


def _may_have(task: Task, revision: int) -> bool:
    return revision == task.revision if task.exact else revision >= task.revision


def _with_revision(task: Task, body: dict[str, Any]) -> Task | None:
    """Return a task with the revision that an answer has, or None if the answer is wrong."""
    agrees = (body["title"], body["completed"]) == (task.title, task.completed)
    if not agrees or not _may_have(task, body["revision"]):
        return None
    return replace(task, revision=body["revision"], exact=True)
