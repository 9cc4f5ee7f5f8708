"""Conditional requests (RFC 9110, section 13), on entity tags that are revisions: `"57"`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from marshmallow import ValidationError, fields

from tasks_api.http.fields import Strict

# RFC 9110, section 8.8.3, in a list of section 5.6.1.
_TAG = r'(?:W/)?"[!#-~\x80-\xff]*"'
TAGS = re.compile(rf"[ \t,]*{_TAG}(?:[ \t]*,(?:[ \t]*{_TAG})?)*[ \t]*")
# Those in a list that a revision can have. `"057"` and what PostgreSQL can't count to are not.
REVISIONS = re.compile(r'(W/)?"(0|[1-9][0-9]{0,17})"')
# What to send, for the OpenAPI document: the plain half of the above.
PATTERN = r'^(\*|(W/)?"[!#-~]*"(, ?(W/)?"[!#-~]*")*)$'


def entity_tag(revision: int) -> str:
    """Return the strong entity tag of a revision."""
    return f'"{revision}"'


def revisions_in(header: str, *, weak: bool) -> list[int] | None:
    """Return the revisions that a list of entity tags stands for; None, which is all, for `*`.

    Tags that no revision has are left out: they match nothing.

    Args:
        header: a list of entity tags. One that is malformed is refused as a whole: a precondition
            that is skipped is a lost update.
        weak: compare weakly (section 8.8.3.2), so that weak tags count too.

    Raises:
        ValidationError: it is neither `*` nor such a list.
    """
    header = header.strip(" \t")
    if header == "*":
        return None
    if not TAGS.fullmatch(header):
        raise ValidationError('Must be `*`, or entity tags with commas between them: "57", "58".')
    return [int(digits) for prefix, digits in REVISIONS.findall(header) if weak or not prefix]


def matches(revision: int, revisions: Sequence[int] | None) -> bool:
    """Return whether a revision is among those that `revisions_in` has read."""
    return revisions is None or revision in revisions


class EntityTags(fields.String):
    """A header with entity tags, read by `revisions_in`.

    Args:
        weak: as there.
    """

    def __init__(self, *, weak: bool, **kwargs: Any) -> None:
        self.weak = weak
        super().__init__(**kwargs)

    def _deserialize(self, value: Any, *_: object, **__: object) -> list[int] | None:  # type: ignore[override]
        return revisions_in(value, weak=self.weak)


class IfNoneMatchSchema(Strict):
    """A client that has a copy already."""

    known = EntityTags(
        weak=True,
        data_key="If-None-Match",
        load_default=list,
        metadata={
            "description": "The entity tags of the copies you have: a match is a 304.",
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
            "description": 'Change the task only if it has one of these entity tags: `"57"` is '
            "that of revision 57. A strong comparison; if none matches, the answer is a 412.",
            "pattern": PATTERN,
        },
    )
    unless = EntityTags(
        weak=True,
        data_key="If-None-Match",
        load_default=list,
        metadata={
            "description": "Change the task only if it has none of these entity tags.",
            "pattern": PATTERN,
        },
    )
