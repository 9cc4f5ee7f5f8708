"""Microsoft To Do, as Graph has it: lists with their tasks, or the tasks of one list."""

import html
import re
from datetime import date, datetime, timedelta
from typing import Any

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from transfer.fitting import add
from transfer.intake import Intake
from transfer.times import zone_named

PRIORITIES = {"high": "high", "low": "low"}
FREQUENCIES = {"daily": "DAILY", "weekly": "WEEKLY", "Monthly": "MONTHLY", "Yearly": "YEARLY"}
INDEXES = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
TAG = re.compile(r"<[^>]*>")


def read(content: Any, intake: Intake) -> None:
    """Read lists, or tasks alone: they are a list without a name."""
    found = content.get("value") if isinstance(content, dict) else content
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise ValueError("it is neither Tasks.json of Google nor To Do's of Microsoft's Graph")
    pages: list[dict[str, Any]] = [content] if isinstance(content, dict) else []
    for each in found if any("tasks" in each for each in found) else [{"tasks": found}]:
        pages.append(each)
        name = str(each.get("displayName") or "")
        for number, task in enumerate(each.get("tasks") or [], 1):
            with intake.row(f"task {number} of list {name!r}"):
                _add(task, name, intake)
    for page in pages:
        if any(member.endswith("@odata.nextLink") for member in page):
            intake.left_out.append("what is on further pages, which the file doesn't have")


def _add(task: dict[str, Any], name: str, intake: Intake) -> None:
    body = task.get("body") or {}
    text = body.get("content") or ""
    if body.get("contentType") == "html":
        text = html.unescape(TAG.sub("", re.sub(r"<br\s*/?>|</p>", "\n", text)))
    notes = [
        (kind, _local(task[member]).isoformat(" ", "minutes"))
        for kind, member in (("Reminder", "reminderDateTime"), ("Start", "startDateTime"))
        if task.get(member)
    ]
    notes += [
        ("Link", " ".join(filter(None, (each.get("displayName"), each.get("webUrl")))))
        for each in task.get("linkedResources") or []
    ]
    if task.get("hasAttachments"):
        notes.append(("Attachment", "it has some, which Graph doesn't export"))
    if task.get("status") not in {"notStarted", "completed", None}:
        notes.append(("Status", task["status"]))
    if task.get("completedDateTime"):
        notes.append(("Completed", _day(task["completedDateTime"], intake).isoformat()))
    if task.get("createdDateTime"):
        intake.counts["time of creation: left out, the service sets its own"] += 1
    if name:
        intake.counts["task in a list: the list's title is a tag"] += 1
    due = task.get("dueDateTime")
    recurrence = task.get("recurrence")
    add(
        intake,
        intake.identify("microsoft", task["id"]),
        task.get("title"),
        text,
        tags=[*(task.get("categories") or []), name],
        notes=notes,
        completed=task.get("status") == "completed",
        priority=PRIORITIES.get(task.get("importance", "")),
        due_on=_day(due, intake).isoformat() if due else None,
        recurrence=_rule(recurrence) if recurrence else None,
    )
    for step in task.get("checklistItems") or []:
        add(
            intake,
            intake.identify("microsoft", task["id"], step["id"]),
            step.get("displayName"),
            parent=task.get("title"),
            tags=[name],
            completed=bool(step.get("isChecked")),
        )


def _local(value: dict[str, str]) -> datetime:
    """Read a time with its zone, by the name that Windows or IANA gives it."""
    name = value.get("timeZone") or "UTC"
    zone = zone_named(WINDOWS_TO_OLSON.get(name, name))
    return datetime.fromisoformat(value["dateTime"][:19]).replace(tzinfo=zone)


def _day(value: dict[str, str], intake: Intake) -> date:
    """Return the day that is meant.

    It is kept as midnight by the clock of the device, which isn't kept, and comes as an instant in
    UTC: the same day may be 10:00 of the day before (UTC+14), or of the same (UTC-10). If it is no
    midnight in `--time-zone`, the nearest midnight is meant.
    """
    moment = _local(value)
    there = moment.astimezone(intake.zone)
    if there.time() == datetime.min.time():
        return there.date()
    return (moment + timedelta(hours=12)).date()


def _rule(recurrence: dict[str, Any]) -> str:
    """Write a recurrence as an RRULE of RFC 5545."""
    pattern, limits = recurrence["pattern"], recurrence.get("range") or {}
    kind = pattern["type"]
    parts = {
        "FREQ": FREQUENCIES[kind.removeprefix("absolute").removeprefix("relative")],
        "INTERVAL": pattern.get("interval") or 1,
    }
    days = ",".join(day[:2].upper() for day in pattern.get("daysOfWeek") or [])
    if kind.endswith("Yearly"):
        parts["BYMONTH"] = pattern["month"]
    if kind.startswith("absolute"):
        parts["BYMONTHDAY"] = pattern["dayOfMonth"]
    elif days:
        parts["BYDAY"] = days
    if kind.startswith("relative"):
        parts["BYSETPOS"] = INDEXES[pattern.get("index") or "first"]
    if kind == "weekly" and pattern.get("firstDayOfWeek"):
        parts["WKST"] = pattern["firstDayOfWeek"][:2].upper()
    if limits.get("type") == "endDate":
        parts["UNTIL"] = limits["endDate"].replace("-", "")
    elif limits.get("type") == "numbered":
        parts["COUNT"] = limits["numberOfOccurrences"]
    return ";".join(f"{name}={value}" for name, value in parts.items())
