"""Preconditions on revisions (RFC 9110, section 13): the same rule in Python and in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, and_, any_, bindparam, false, func, true
from sqlalchemy import all_ as every

from tasks_api.http.entity_tags import matches
from tasks_api.tasks.expressions import REVISIONS


@dataclass(frozen=True)
class Precondition:
    """Which versions a client wants to change.

    Args:
        expected: `If-Match`: the revisions that it may have; None for any (`*`, or no header).
        unless: `If-None-Match`: the revisions that it must not have; None for any (`*`).
    """

    expected: Sequence[int] | None = None
    unless: Sequence[int] | None = field(default_factory=list)

    def allows(self, revision: int) -> bool:
        """Return whether a task, or a list, of this revision may be changed."""
        return matches(revision, self.expected) and not matches(revision, self.unless)

    def parameters(self) -> dict[str, Sequence[int] | None]:
        """Return what `allows` in SQL takes."""
        return {"expected": self.expected, "unless": self.unless}


ANYTHING = Precondition()


def allows(revision: ColumnElement[int]) -> ColumnElement[bool]:
    """Return `Precondition.allows` in SQL, on the parameters `expected` and `unless`.

    PostgreSQL evaluates it after the user's other writes, on what they left.
    """
    return and_(
        func.coalesce(revision == any_(bindparam("expected", type_=REVISIONS)), true()),
        func.coalesce(revision != every(bindparam("unless", type_=REVISIONS)), false()),
    )
