"""Conditional requests (RFC 9110, section 13), on entity tags that are revisions: `"57"`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from marshmallow import ValidationError, fields
from werkzeug.http import parse_etags

from tasks_api.http.fields import Strict

# RFC 9110, section 8.8.3, in a list of section 5.6.1. werkzeug's reader takes what is malformed for
# what it might have been, or skips it; a precondition that is skipped is a lost update.
_TAG = r'(?:W/)?"[!#-~\x80-\xff]*"'
TAGS = re.compile(rf"[ \t,]*{_TAG}(?:[ \t]*,(?:[ \t]*{_TAG})?)*[ \t]*")
# What to send, for the OpenAPI document: the plain half of the above.
PATTERN = r'^(\*|(W/)?"[!#-~]*"(, ?(W/)?"[!#-~]*")*)$'
CANONICAL = re.compile(r"0|[1-9][0-9]{0,17}")


def entity_tag(revision: int) -> str:
    """Write the strong entity tag of a revision."""
    return f'"{revision}"'


def matches(revision: int, tags: Sequence[int] | None) -> bool:
    """Tell whether a revision is among those that `EntityTags` has read."""
    return tags is None or revision in tags


class EntityTags(fields.String):
    """A list of entity tags, read into the revisions that they can stand for.

    Tags that no revision has are left out: they match nothing. `*` becomes None.

    Args:
        weak: compare weakly (section 8.8.3.2), so that weak tags count too.
    """

    def __init__(self, *, weak: bool, **kwargs: Any) -> None:
        self.weak = weak
        super().__init__(**kwargs)

    def _deserialize(self, value: Any, *_: object, **__: object) -> list[int] | None:  # type: ignore[override]
        value = value.strip(" \t")
        if value == "*":
            return None
        if not TAGS.fullmatch(value):
            raise ValidationError('Must be `*` or entity tags: "57", "58".')
        tags = parse_etags(value).as_set(include_weak=self.weak)
        return [int(tag) for tag in tags if tag and CANONICAL.fullmatch(tag)]


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
