"""The request headers that have entity tags of tasks and of their lists.

A tag is made from a revision and from the shape of a task: `"57-3f9a"`. A release that adds a
member has another shape, which makes every copy that a client has stale by itself.
"""

from __future__ import annotations

from tasks_api.http.entity_tags import PATTERN, EntityTags, shape_of
from tasks_api.http.fields import Strict
from tasks_api.tasks.schemas import TaskSchema

SHAPE = shape_of(TaskSchema())


class IfNoneMatchSchema(Strict):
    """A client that has a copy already."""

    known = EntityTags(
        weak=True,
        shape=SHAPE,
        data_key="If-None-Match",
        load_default=list,
        metadata={
            "description": "The entity tags of the copies you have: a match is a 304. A weak "
            "comparison of whole tags.",
            "pattern": PATTERN,
        },
    )


class PreconditionSchema(Strict):
    """A client that wants to change only what it has seen, or hasn't."""

    expected = EntityTags(
        weak=False,
        data_key="If-Match",
        # A plain None would be documented, as if the header could be null.
        load_default=lambda: None,
        metadata={
            "description": "Change the task only if it has one of these entity tags; if none "
            "matches, the answer is a 412. A strong comparison, in which the revision alone "
            'decides: `"57"`, which you know from `revision`, and the tag of an older release '
            "both work.",
            "pattern": PATTERN,
        },
    )
    unless = EntityTags(
        weak=True,
        shape=SHAPE,
        data_key="If-None-Match",
        load_default=list,
        metadata={
            "description": "Change the task only if it has none of these entity tags. A weak "
            "comparison of whole tags.",
            "pattern": PATTERN,
        },
    )
