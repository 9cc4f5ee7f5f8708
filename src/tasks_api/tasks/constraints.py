"""What the members of a task must be to each other.

A new task is checked before it is written, so that the error can say which of many it is. A change
is checked by the database, which alone knows the members that aren't sent. What is wrong with one
is here the detail of an error, by the name of a member.
"""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from tasks_api.database.failures import ConstraintViolated
from tasks_api.http.parser import unacceptable
from tasks_api.http.problems import Problem


class Rule(NamedTuple):
    """A constraint, the members that it is about, and what to say to a client."""

    members: tuple[str, ...]
    detail: str

    def broken_by(self, sent: Collection[str]) -> dict[str, str]:
        """Return the error, at the first of the members that were sent."""
        return {next(name for name in self.members if name in sent): self.detail}


ONE_DUE = Rule(
    ("due_on", "due_at"), "due_on and due_at exclude each other: send the other one as null."
)
RECURRENCE_DUE = Rule(
    ("recurrence", "due_on", "due_at"),
    "A recurrence needs due_on or due_at: send one of them, or recurrence as null.",
)
# By the names of the constraints.
RULES = {"ck_tasks_one_due": ONE_DUE, "ck_tasks_recurrence_due": RECURRENCE_DUE}


def contradiction(task: Mapping[str, Any], *, new: bool = True) -> dict[str, str]:
    """Return what is wrong with a task, if anything; one that is `new` has no other members."""
    due_on, due_at = task.get("due_on"), task.get("due_at")
    if due_on and due_at:
        return ONE_DUE.broken_by(task)
    if new and task.get("recurrence") and not (due_on or due_at):
        return RECURRENCE_DUE.broken_by(task)
    return {}


def broken_rule(error: ConstraintViolated, sent: Collection[str]) -> dict[str, str]:
    """Return what is wrong with a change that the database has refused.

    Raises:
        ConstraintViolated: the constraint isn't one of the rules: a defect.
    """
    if error.constraint not in RULES:
        raise error
    return RULES[error.constraint].broken_by(sent)


def refusal(error: ConstraintViolated, sent: Collection[str]) -> Problem:
    """Return the 422 for a change that the database has refused; raises as `broken_rule` does."""
    errors = broken_rule(error, sent)
    return unacceptable("json", [((name,), detail) for name, detail in errors.items()])
