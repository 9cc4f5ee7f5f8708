"""What comes in: changes for a push, and what is to be told of them."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from transfer.service import Change

# Ids are made in this namespace, so that the same file gives the same ids.
NAMESPACE = UUID("6c1a8b52-0b0e-5d53-9c43-5c8c2f6d7a10")


class Intake:
    """The tasks of a file, with counts of what went to another place, and what was left out.

    Args:
        zone: of times that name none.
        subtasks: where the title of a subtask's parent goes: `tag` or `description`.
        tag: for all tasks.
    """

    def __init__(self, zone: ZoneInfo, subtasks: str = "tag", tag: str | None = None) -> None:
        self.zone, self.subtasks, self.tag = zone, subtasks, tag
        self.changes: list[Change] = []
        self.counts: Counter[str] = Counter()
        self.left_out: list[str] = []
        self._ids: set[UUID] = set()
        self._alike: Counter[str] = Counter()

    @contextmanager
    def row(self, place: str) -> Iterator[None]:
        """Read one row: if it is broken it is named, and the others come in."""
        counts = self.counts.copy()
        try:
            yield
        except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
            self.counts = counts
            reason = str(error).partition("\n")[0]
            if isinstance(error, KeyError):
                reason = f"it has no {reason}"
            elif isinstance(error, TypeError | AttributeError):
                reason = "it doesn't look like a task"
            self.left_out.append(f"{place}: {reason}")

    def identify(self, source: str, *parts: str) -> UUID:
        """Return the id of a task that has one at its source."""
        return uuid5(NAMESPACE, json.dumps([source, *parts]))

    def identify_by_content(self, source: str, *content: str) -> UUID:
        """Return the id of a task that has none: of its content, and how often this was there."""
        key = json.dumps([source, self.tag or "", *content])
        self._alike[key] += 1
        return uuid5(NAMESPACE, f"{key}{self._alike[key]}")

    def push(self, task_id: UUID, members: Mapping[str, Any]) -> None:
        """Take in a task.

        Raises:
            ValueError: the file has had this id already.
        """
        if task_id in self._ids:
            raise ValueError(f"its id {task_id} was there before")
        self._ids.add(task_id)
        # `was` is null: the service makes the task, and changes nothing where it is there already.
        self.changes.append({"id": str(task_id), "was": None, "set": dict(members)})
