"""Tasks of other apps, made to fit: what has no place goes to the description, and is counted."""

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid5

from transfer.intake import Intake
from transfer.times import can_recur

# The service's limits, in code points.
TITLE_MAX, DESCRIPTION_MAX, TAG_MAX, TAGS_MAX = 255, 2000, 50, 20
# Neither JSON nor PostgreSQL can keep these.
UNUSABLE = re.compile("[\0\ud800-\udfff]")
# Where the title of a subtask's parent goes, and how this is told.
SUBTASKS = {"tag": "is its tag", "description": "is in the description"}


def add(
    intake: Intake,
    task_id: UUID,
    title: str | None,
    text: str | None = "",
    *,
    parent: str | None = None,
    tags: Sequence[str] = (),
    notes: Sequence[tuple[str, Any]] = (),
    **members: Any,
) -> None:
    """Take in a task of another app.

    Args:
        task_id: as the intake identifies it.
        title, text: as they are there, of any length.
        parent: the title of the task that it is a part of.
        tags: those of the source.
        notes: a kind of thing that has no place, and what it is.
        members: the others, as the service has them; what is None or false is left to its default.

    Raises:
        ValueError: it has neither a title nor a text.
    """
    title, text = (_clean(intake, each or "").strip() for each in (title, text))
    tags = [_clean(intake, tag).strip() for tag in (*tags, intake.tag or "")]
    notes = list(notes)
    if parent:
        intake.counts[f"subtask: its parent's title {SUBTASKS[intake.subtasks]}"] += 1
        if intake.subtasks == "tag":
            tags.append(parent)
        else:
            text = f"{text}\nPart of: {parent}"
    if not title:
        title, _, text = text.partition("\n")
        intake.counts["task without a title: it is the first line of its text"] += 1
    if not title:
        raise ValueError("it has no title")
    if len(title) > TITLE_MAX:
        text = f"…{title[TITLE_MAX - 1 :]}\n{text}"
        title = f"{title[: TITLE_MAX - 1]}…"
        intake.counts["title over 255 characters: the rest is in the description"] += 1

    tags = list(dict.fromkeys(filter(None, tags)))
    if unkept := [tag for place, tag in enumerate(tags) if place >= TAGS_MAX or len(tag) > TAG_MAX]:
        notes.append(("Tags", ", ".join(unkept)))
    tags = list(dict.fromkeys(tag[:TAG_MAX] for tag in tags[:TAGS_MAX]))
    if members.get("recurrence") and not can_recur(members):
        notes.append(("Recurrence", members.pop("recurrence")))
    if not members.get("recurrence"):
        members.pop("time_zone", None)
    for kind, note in notes:
        intake.counts[f"{kind.lower()}: in the description"] += 1
        text += f"\n{kind}: {_clean(intake, note)}"
    given = {name: each for name, each in {**members, "tags": tags}.items() if each}
    _push_in_parts(intake, task_id, {"title": title, **given}, text.strip())


def _push_in_parts(intake: Intake, task_id: UUID, members: dict[str, Any], text: str) -> None:
    """Take in a task; what is too long for its description is in further ones."""
    title, number = members["title"], 1
    while True:
        # A key of fractional indexing: by hand they are in the order of the file.
        place = {"position": f"f{len(intake.changes):06}"}
        part, text = text[:DESCRIPTION_MAX], text[DESCRIPTION_MAX:]
        intake.push(task_id, members | place | ({"description": part} if part else {}))
        if not text:
            return
        number += 1
        intake.counts["description over 2,000 characters: the rest is in a further task"] += 1
        task_id, members = uuid5(task_id, "rest"), members | {"title": f"{title[:240]} ({number})"}


def _clean(intake: Intake, text: str) -> str:
    cleaned = UNUSABLE.sub("\ufffd", text)
    if cleaned != text:
        intake.counts["text with characters that can't be kept: replaced by \ufffd"] += 1
    return cleaned
