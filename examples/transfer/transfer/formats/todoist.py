"""Todoist's CSV: a project's tasks, sections and comments, one below the other."""

import csv
import io
import re
from datetime import date, datetime
from typing import Any

from dateutil import parser as english_dates

from transfer.fitting import add
from transfer.intake import Intake
from transfer.times import due

LABEL = re.compile(r"(?<!\S)@(\S+)")
ATTACHMENT = "[[file "
PRIORITIES = {"1": "high", "2": "medium", "3": "low"}
# Neither has a year, a month, a day or a time in common.
DEFAULTS = (datetime(2000, 1, 1, 1, 1), datetime(2001, 2, 2, 2, 2))  # noqa: DTZ001


def read(text: str, intake: Intake) -> None:
    """Read tasks. Sections are tags, comments and what else has no place go to descriptions."""
    rows = csv.DictReader(io.StringIO(text, newline=""), restval="")
    if not {"TYPE", "CONTENT"} <= set(rows.fieldnames or ()):
        raise ValueError("it is no CSV of Todoist: its first line must name TYPE and CONTENT")
    section = ""
    task: Task | None = None
    path: list[str] = []
    try:
        for row in rows:
            kind, content = (row["TYPE"] or "").strip(), row["CONTENT"] or ""
            place = f"row {rows.line_num}"
            if kind == "task":
                _add(task, intake)
                task = None
                with intake.row(place):
                    path = path[: max(int(row.get("INDENT") or 1) - 1, 0)]
                    task = Task(place, row, section, tuple(path))
                    path.append(task.title)
            elif kind == "section":
                section, path = content.strip(), []
                if row.get("DESCRIPTION"):
                    intake.counts["description of a section: left out"] += 1
            elif kind == "note" and task:
                task.notes.append(("Attachment" if ATTACHMENT in content else "Comment", content))
            elif kind == "note":
                intake.left_out.append(f"{place}: a comment that belongs to no task")
            elif kind not in {"", "meta"}:
                intake.left_out.append(f"{place}: {kind!r} is not known")
    except csv.Error as error:
        raise ValueError(f"it is no CSV: {error}") from None
    _add(task, intake)


class Task:
    """A task, until the comments below it are read."""

    def __init__(
        self, place: str, row: dict[str, Any], section: str, path: tuple[str, ...]
    ) -> None:
        self.place, self.row, self.section, self.path = place, row, section, path
        content = row["CONTENT"]
        self.labels = LABEL.findall(content)
        self.title = " ".join(LABEL.sub("", content).split()) or content
        self.notes = [
            (name.capitalize(), " ".join(filter(None, [row.get(name), row.get(unit)])))
            for name, unit in (("RESPONSIBLE", ""), ("DURATION", "DURATION_UNIT"))
            if row.get(name)
        ]


def _add(task: Task | None, intake: Intake) -> None:
    if task is None:
        return
    row = task.row
    when_due: dict[str, str] = {}
    with intake.row(task.place):
        for column, language in (("DATE", "DATE_LANG"), ("DEADLINE", "DEADLINE_LANG")):
            text = (row.get(column) or "").strip()
            when = read_date(text, row.get(language) or "en")
            if when and not when_due:
                when_due = due(intake, when, row.get("TIMEZONE") or None)
            elif text:
                task.notes.append((column.capitalize(), text))
        if row.get("AUTHOR"):
            intake.counts["author: left out"] += 1
        if task.section:
            intake.counts["task in a section: the section's name is a tag"] += 1
        add(
            intake,
            intake.identify_by_content("todoist", task.section, *task.path, row["CONTENT"]),
            task.title,
            row.get("DESCRIPTION"),
            parent=task.path[-1] if task.path else None,
            tags=[*task.labels, task.section],
            notes=task.notes,
            priority=PRIORITIES.get(row.get("PRIORITY") or ""),
            **when_due,
        )


def read_date(text: str, language: str) -> date | None:
    """Read a day or a time that means the same whenever it is read; "tomorrow" doesn't."""
    for read_one in (date.fromisoformat, datetime.fromisoformat):
        try:
            return read_one(text)
        except ValueError:
            pass
    if language[:2] != "en":
        return None
    try:
        # What the text leaves out comes from the default.
        readings: list[datetime] = [
            english_dates.parse(text, default=default, dayfirst=day_first)
            for default in DEFAULTS
            for day_first in (False, True)
        ]
    except (ValueError, OverflowError):
        return None
    if len(set(readings)) == 1:
        return readings[0]
    days = {reading.date() for reading in readings}
    return days.pop() if len(days) == 1 else None
