"""Our own format: a task on each line, as the service gives it. It loses nothing."""

import json
from typing import Any
from uuid import UUID

from transfer.intake import Intake
from transfer.times import describe_rule

READ_ONLY = {
    "id",
    "user_id",
    "revision",
    "created_at",
    "updated_at",
    "completed_at",
    "next_task_id",
}


def write(tasks: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(task, ensure_ascii=False) + "\n" for task in tasks)


def read(text: str, intake: Intake) -> None:
    """Read tasks; they keep their ids. One without an id gets one of its content."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            with intake.row(f"line {number}"):
                found.append((f"line {number}", _task(line)))
    if not found:
        raise ValueError("it has no line with a task")
    ids = {task.get("id") for _, task in found}

    def recurs(task: dict[str, Any]) -> bool:
        return bool(task.get("completed") and task.get("recurrence"))

    # The service would make the next one of a completed task: it must be there before.
    first = [(place, task) for place, task in found if not recurs(task)]
    for place, task in first + [each for each in reversed(found) if recurs(each[1])]:
        with intake.row(place):
            members = {name: each for name, each in task.items() if name not in READ_ONLY}
            if recurs(task) and task.get("next_task_id") not in ids:
                # It has been deleted, and would be made again.
                describe_rule(intake, members)
            own = task.get("id")
            task_id = UUID(own) if own else intake.identify_by_content("json", str(task["title"]))
            intake.push(task_id, members)


def _task(line: str) -> dict[str, Any]:
    task = json.loads(line)
    if not isinstance(task, dict):
        raise ValueError("it is no object")  # noqa: TRY004
    return task
