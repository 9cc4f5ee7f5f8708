"""iCalendar's VTODO (RFC 5545, section 3.6.2), in."""

from typing import Any

from icalendar import Calendar, Todo
from icalendar.cal.component import Component

from transfer.fitting import add
from transfer.intake import Intake
from transfer.times import due

# What can't be read of a task goes to its `errors`, and the rest of the file is read.
Todo.ignore_exceptions = True
# The last number of each (section 3.8.1.9); 0 is undefined.
PRIORITIES = {"high": 4, "medium": 5, "low": 9}
# Read below, or what says nothing to a person.
KNOWN = {
    *("UID", "RECURRENCE-ID", "SUMMARY", "DESCRIPTION", "DUE", "DTSTART", "DURATION", "RRULE"),
    *("CATEGORIES", "PRIORITY", "STATUS", "COMPLETED", "RELATED-TO", "CREATED", "LAST-MODIFIED"),
    *("DTSTAMP", "SEQUENCE"),
}


def read(text: str, intake: Intake) -> None:
    try:
        calendars = Calendar.from_ical(text, multiple=True)
    except (ValueError, LookupError, TypeError) as error:
        raise ValueError(f"it is no iCalendar: {error}") from None
    if not calendars:
        raise ValueError("it is no iCalendar, or only a part of one")
    found = [part for calendar in calendars for part in calendar.subcomponents]
    todos = [part for part in found if part.name == "VTODO"]
    for part in found:
        if part.name not in {"VTODO", "VTIMEZONE"}:
            intake.counts[f"{part.name}: left out, it is no task"] += 1
    titles = {str(todo.get("UID")): str(todo.get("SUMMARY", "")) for todo in todos}
    for number, todo in enumerate(todos, 1):
        with intake.row(f"VTODO {number}"):
            _add(todo, titles, intake)


def _add(todo: Component, titles: dict[str, str], intake: Intake) -> None:
    for name, reason in todo.errors:
        raise ValueError(f"{name}: {reason}")
    status = str(todo.get("STATUS", ""))
    done = "COMPLETED" in todo or status in {"COMPLETED", "CANCELLED"}
    known = KNOWN | ({"PERCENT-COMPLETE"} if done else set())
    notes = [
        (name.replace("-", " ").capitalize(), _text(each))
        for name in todo
        if name not in known and not name.startswith("X-")
        for each in _all(todo[name])
    ]
    links = _all(todo.get("RELATED-TO"))
    parents = [str(link) for link in links if _is_parent(link) and str(link) in titles][:1]
    others = [str(link) for link in links if str(link) not in parents]
    notes += [("Related to", titles.get(uid, uid)) for uid in others]
    for alarm in todo.walk("VALARM"):
        notes.append(("Reminder", _ical(alarm["TRIGGER"])))
    if any(name.startswith("X-") for name in todo):
        intake.counts["task with members of one app (X-…): these are left out"] += 1
    if "CREATED" in todo:
        intake.counts["time of creation: left out, the service sets its own"] += 1
    if status in {"IN-PROCESS", "CANCELLED"}:
        notes.append(("Status", status))
    if "COMPLETED" in todo:
        notes.append(("Completed", _text(todo["COMPLETED"])))
    start, when, duration = (_time(todo, name) for name in ("DTSTART", "DUE", "DURATION"))
    if start and duration and not when:
        when = start + duration
    if start and when != start:
        notes.append(("Start", str(start)))
    rule, *more = map(_text, _all(todo.get("RRULE")) or [""])
    notes += [("Recurrence", each) for each in more]
    add(
        intake,
        intake.identify("vtodo", str(todo["UID"]), _text(todo.get("RECURRENCE-ID", ""))),
        str(todo.get("SUMMARY", "")),
        str(todo.get("DESCRIPTION", "")),
        parent=titles[parents[0]] if parents else None,
        tags=[str(tag) for tags in _all(todo.get("CATEGORIES")) for tag in tags.cats],
        notes=notes,
        completed=done,
        priority=_priority(int(todo.get("PRIORITY", 0))),
        recurrence=rule,
        **(due(intake, when) if when else {}),
    )


def _all(value: Any) -> list[Any]:
    """Return all values of a property that may be there once, more often, or not at all."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _is_parent(link: Any) -> bool:
    return bool(link.params.get("RELTYPE", "PARENT").upper() == "PARENT")


def _priority(number: int) -> str | None:
    return next((name for name, last in PRIORITIES.items() if 0 < number <= last), None)


def _time(todo: Component, name: str) -> Any:
    """Return a date, a time or a duration, or None if it isn't there."""
    value: Any = todo.get(name)
    return value.dt if value else None


def _text(value: Any) -> str:
    if hasattr(value, "dt"):
        return str(value.dt)
    return value if isinstance(value, str) else _ical(value)


def _ical(value: Any) -> str:
    return str(value.to_ical().decode())
