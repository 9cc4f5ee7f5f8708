"""Entity tags (RFC 9110, section 8.8.3) of a revision and a shape: `"57-3f9a"`."""

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import orjson
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema, ValidationError, fields

# RFC 9110, section 8.8.3, in a list of section 5.6.1.
_TAG = r'(?:W/)?"[!#-~\x80-\xff]*"'
TAGS = re.compile(rf"[ \t,]*{_TAG}(?:[ \t]*,(?:[ \t]*{_TAG})?)*[ \t]*")
# What a revision's tag can look like: with a shape or without one, and behind a proxy that
# compresses, which makes it weak (nginx, Cloudflare) or adds the name of a content coding (Apache,
# Caddy; the names are in IANA's registry). `"057"` is no such tag, nor is a number that PostgreSQL
# can't count to.
CODINGS = "br|compress|dcb|dcz|deflate|gzip|x-compress|x-gzip|zstd"
REVISION_TAG = re.compile(
    rf'(?:W/)?"(0|[1-9][0-9]{{0,17}})(?:-([0-9a-f]{{4}}))?(?:[-;](?:{CODINGS}))?"'
)
# What to send, for the OpenAPI document: the plain half of the above.
PATTERN = r'^(\*|(W/)?"[!#-~]*"(, ?(W/)?"[!#-~]*")*)$'


def shape_of(schema: Schema) -> str:
    """Return four hexadecimal digits for the members of a schema: their names, types and formats.

    Descriptions, examples and limits don't count: they change nothing in a client's copy.
    """
    spec = APISpec("", "", "3.0.3", plugins=[MarshmallowPlugin()])
    # The schemas that are nested in this one come along.
    spec.components.schema("Root", schema=schema)
    forms = [_form(each) for each in spec.to_dict()["components"]["schemas"].values()]
    return sha256(orjson.dumps(forms)).hexdigest()[:4]


def _form(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a JSON Schema says about the form of a value, and nothing else."""
    form = {key: schema[key] for key in ("type", "format", "nullable", "$ref") if key in schema}
    if "items" in schema:
        form["items"] = _form(schema["items"])
    if "properties" in schema:
        form["properties"] = {name: _form(each) for name, each in schema["properties"].items()}
    return form


def revisions_in(header: str, shape: str | None = None) -> list[int] | None:
    """Return the revisions that a list of entity tags stands for; None, which is all, for `*`.

    Tags that no revision has are left out: they match nothing. A weak tag counts as the strong one:
    RFC 9110 asks for a strong comparison in If-Match, but the service never sends a weak tag. It
    can only come from a proxy, and the revision in it still names one version.

    Args:
        header: a list of entity tags. One that is malformed is refused as a whole: a precondition
            that is skipped is a lost update.
        shape: the one that a tag must have to count; without it, the revision alone decides.

    Raises:
        ValidationError: it is neither `*` nor such a list.
    """
    header = header.strip(" \t")
    if header == "*":
        return None
    if not TAGS.fullmatch(header):
        raise ValidationError(
            'Must be `*`, or entity tags with commas between them: "57-3f9a", "58-3f9a".'
        )
    return [int(digits) for digits, given in REVISION_TAG.findall(header) if shape in {None, given}]


def matches(revision: int, revisions: Sequence[int] | None) -> bool:
    """Return whether a revision is among those that `revisions_in` has read."""
    return revisions is None or revision in revisions


class EntityTags(fields.String):
    """A header with entity tags, read by `revisions_in`."""

    def __init__(self, *, shape: str | None = None, **kwargs: Any) -> None:
        self.shape = shape
        super().__init__(**kwargs)

    def _deserialize(self, value: Any, *_: object, **__: object) -> list[int] | None:  # type: ignore[override]
        return revisions_in(value, self.shape)
