"""Conditional requests on revisions (RFC 9110, section 13): entity tags, and preconditions.

A tag is made from a revision and from the shape of a task: `"57-3f9a"`. A precondition is the same
rule in Python and in SQL.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy import ColumnElement, and_, any_, bindparam, false, func, true
from sqlalchemy import all_ as every

from tasks_api.database.execution import execute
from tasks_api.database.statements import Row, Statement
from tasks_api.http.entity_tags import PATTERN, EntityTags, matches, shape_of
from tasks_api.http.fields import Strict, says
from tasks_api.http.problems import BLANK, Problem, problem_type
from tasks_api.tasks.columns import REVISION_ARRAY
from tasks_api.tasks.schemas import TaskSchema

SHAPE = shape_of(TaskSchema())
NO_TASK = "This user has no such task."
FOREIGN_TAG = problem_type("foreign-entity-tag")


def entity_tag(revision: int) -> str:
    """Return the strong entity tag of a task, or of a user's lists."""
    return f'"{revision}-{SHAPE}"'


class IfNoneMatchSchema(Strict):
    """A client that has a copy already."""

    known = EntityTags(
        shape=SHAPE,
        data_key="If-None-Match",
        load_default=list,
        metadata=says(
            "The entity tags of the copies you have: a match is a 304. A weak comparison of whole "
            "tags.",
            pattern=PATTERN,
            example='"57-3f9a"',
        ),
    )


class PreconditionSchema(Strict):
    """A client that wants to change only what it has seen, or hasn't."""

    expected = EntityTags(
        data_key="If-Match",
        # A plain None would be documented, as if the header could be null.
        load_default=lambda: None,
        metadata=says(
            "Change the task only if it has one of these entity tags; if none matches, the answer "
            'is a 412. The revision alone decides: `"57"`, which you know from `revision`, the tag '
            "of an older release, and what a proxy that compresses made of a tag all work.",
            pattern=PATTERN,
            example="*",
        ),
    )
    unless = EntityTags(
        shape=SHAPE,
        data_key="If-None-Match",
        load_default=list,
        metadata=says(
            "Change the task only if it has none of these entity tags. A weak comparison of whole "
            "tags.",
            pattern=PATTERN,
            example='"56-3f9a"',
        ),
    )

    def load(self, data: Any, **options: Any) -> Any:
        """Return a `Precondition`."""
        return Precondition(**super().load(data, **options))


@dataclass(frozen=True)
class Precondition:
    """Which versions a client wants to change; None stands for any: `*`, or no `If-Match`."""

    expected: Sequence[int] | None = None  # `If-Match`: the revisions that it may have.
    # `If-None-Match`: the revisions that it must not have.
    unless: Sequence[int] | None = field(default_factory=list)

    def allows(self, revision: int) -> bool:
        """Return whether a task, or a list, of this revision may be changed."""
        return matches(revision, self.expected) and not matches(revision, self.unless)

    def refusal(self, what: str, revision: int, **members: Any) -> Problem:
        """Return the problem for a task or a list (`what`) of a revision that is not allowed."""
        if self.expected == []:
            kind, reason = FOREIGN_TAG, "If-Match has no entity tag of this service"
        else:
            kind, reason = BLANK, f"The {what} has changed meanwhile"
        return Problem(
            412,
            f"{reason}; nothing was done. The header ETag has the current version.",
            headers={"ETag": entity_tag(revision)},
            type=kind,
            **members,
        )


ANYTHING = Precondition()


def allows(revision: ColumnElement[int]) -> ColumnElement[bool]:
    """Return `Precondition.allows` in SQL, on the parameters `expected` and `unless`.

    PostgreSQL evaluates it after the user's other writes, on what they left.
    """
    return and_(
        func.coalesce(revision == any_(bindparam("expected", type_=REVISION_ARRAY)), true()),
        func.coalesce(revision != every(bindparam("unless", type_=REVISION_ARRAY)), false()),
    )


def write_if(
    precondition: Precondition, statement: Statement, user_id: UUID, what: str
) -> Row | None:
    """Run a statement on all of a user's tasks, which checks the precondition on their counter.

    Returns:
        Its row without `revision`; None for a user who has never written, and so has no tasks.

    Raises:
        Problem: 412, nothing was done to this (`what`).
    """
    rows = execute(statement, user_id=user_id, **vars(precondition))
    revision = rows[0].pop("revision") if rows else 0
    if not precondition.allows(revision):
        raise precondition.refusal(what, revision)
    return rows[0] if rows else None


def with_entity_tag(task: Row) -> tuple[Row, dict[str, str]]:
    """Return a task and its entity tag, for a view to return."""
    return task, {"ETag": entity_tag(task["revision"])}


def task_or_404(task: Row | None) -> Row:
    """Return the task.

    Raises:
        Problem: 404, there is none; a task of another user gives the same answer.
    """
    if task is None:
        raise Problem(404, NO_TASK)
    return task


def written_or_412(task: Row | None, precondition: Precondition) -> Row:
    """Return the task that was written.

    Raises:
        Problem: 404, there is none; 412, with the task as it is now: it was not written.
    """
    task = task_or_404(task)
    del task["deleted_at"]
    if not task.pop("written"):
        raise precondition.refusal("task", task["revision"], task=task)
    return task


def forbid_shared_copies(response: Response) -> Response:
    """Make caches ask each time, and keep the answers of users apart (RFC 9111, 5.2.2)."""
    headers = response.headers
    # `setdefault` takes five times as long.
    if "Cache-Control" not in {name for name, _ in headers}:
        headers.add("Cache-Control", "private, no-cache")
    headers.add("Vary", "Authorization")
    return response
