"""iCalendar's VTODO (RFC 5545, section 3.6.2), out."""

import re
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar, Todo, vRecur

# A text may have tabs and line feeds (section 3.1), and no other control characters.
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
PRIORITIES = {"high": 1, "medium": 5, "low": 9}
TIMES = {"created": "created_at", "last-modified": "updated_at", "dtstamp": "updated_at"}


def write(tasks: list[dict[str, Any]]) -> str:
    """Write tasks as a calendar."""
    calendar = Calendar.new(prodid="-//Task API//transfer//EN")
    for task in tasks:
        calendar.add_component(_todo(task))
    calendar.add_missing_timezones()
    text: str = calendar.to_ical().decode()
    return text


def _todo(task: dict[str, Any]) -> Todo:
    todo = Todo()
    todo.add("uid", task["id"])
    todo.add("summary", _text(task["title"]))
    if task["description"]:
        todo.add("description", _text(task["description"]))
    for name, member in TIMES.items():
        todo.add(name, _moment(task[member]))
    todo.add("status", "COMPLETED" if task["completed"] else "NEEDS-ACTION")
    if task["completed_at"]:
        todo.add("completed", _moment(task["completed_at"]))
    if task["priority"] in PRIORITIES:
        todo.add("priority", PRIORITIES[task["priority"]])
    if task["tags"]:
        todo.add("categories", [_text(tag) for tag in task["tags"]])
    due: date | None = None
    if task["due_on"]:
        due = date.fromisoformat(task["due_on"])
    elif task["due_at"]:
        due = _moment(task["due_at"])
    rule = task.get("recurrence")
    if rule and isinstance(due, datetime):
        due = due.astimezone(ZoneInfo(task["time_zone"] or "UTC"))
    if rule:
        # It counts from here.
        todo.add("dtstart", due)
        todo.add("rrule", vRecur.from_ical(rule))
    if due:
        todo.add("due", due)
    return todo


def _text(text: str) -> str:
    return CONTROL.sub(" ", text.replace("\r\n", "\n"))


def _moment(text: str) -> datetime:
    """Read a timestamp of the service; iCalendar has no fractions of a second."""
    return datetime.fromisoformat(text).astimezone(UTC).replace(microsecond=0)
