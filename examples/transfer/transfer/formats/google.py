"""Tasks.json of Google Takeout: lists of tasks, as the Tasks API has them."""

from datetime import date
from typing import Any

from transfer.fitting import add
from transfer.intake import Intake

# What says nothing to a person, and what is read below.
KNOWN = {
    *("kind", "id", "etag", "selfLink", "webViewLink", "position", "task_type", "updated"),
    *("created", "title", "notes", "status", "due", "parent", "hidden", "deleted", "completed"),
}


def read(content: dict[str, Any], intake: Intake) -> None:
    """Read all lists, or one that is by itself."""
    lists = content.get("items") or [] if content["kind"] == "tasks#taskLists" else [content]
    for number, each in enumerate(lists, 1):
        with intake.row(f"list {number}"):
            _read_list(each, intake)


def _read_list(found: dict[str, Any], intake: Intake) -> None:
    tasks = found.get("items") or []
    name = found.get("title") or ""
    titles = {task.get("id"): task.get("title") for task in tasks if isinstance(task, dict)}
    for number, task in enumerate(tasks, 1):
        with intake.row(f"task {number} of list {name!r}"):
            if task.get("deleted"):
                intake.counts["task in the trash: left out"] += 1
                continue
            if name:
                intake.counts["task in a list: the list's title is a tag"] += 1
            if task.get("hidden"):
                intake.counts["hidden task: comes in like the others"] += 1
            if task.get("created") or task.get("updated"):
                intake.counts["time of creation: left out, the service sets its own"] += 1
            notes = [
                (kind.replace("_", " ").capitalize(), _text(each))
                for kind, each in task.items()
                if kind not in KNOWN and each
            ]
            if task.get("completed"):
                notes.append(("Completed", task["completed"][:10]))
            add(
                intake,
                intake.identify("google", task["id"]),
                task.get("title"),
                task.get("notes"),
                parent=titles.get(task["parent"]) if "parent" in task else None,
                tags=[name],
                notes=notes,
                completed=task.get("status") == "completed",
                # It is always midnight in UTC, and means the day.
                due_on=date.fromisoformat(task["due"][:10]).isoformat() if "due" in task else None,
            )


def _text(value: Any) -> str:
    """Write links and the like on one line."""
    if isinstance(value, dict):
        return " ".join(_text(each) for each in value.values())
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return str(value)
