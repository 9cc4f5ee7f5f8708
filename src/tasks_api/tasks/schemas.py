"""Shapes: what a task looks like going out, and what is accepted coming in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, pre_load
from marshmallow.validate import Length, Range

from tasks_api.arguments import UNKNOWN
from tasks_api.tasks.models import DESCRIPTION_MAX, TITLE_MAX

OFFSET_MAX = 10**9
LIMIT_MAX = 100

NEW_TASK_EXAMPLE = {"title": "Buy oat milk", "description": "Two cartons, the barista kind."}
TASK_EXAMPLE = {
    "id": "019bb1a2-7c5e-7d31-9c0a-3f2b8e6d4a10",
    "user_id": "6f1d6a3e-52a4-4a8e-9a57-0d2c8f0b7e11",
    **NEW_TASK_EXAMPLE,
    "completed": False,
    "revision": 57,
    "created_at": "2026-01-08T20:45:00.123456Z",
    "updated_at": "2026-01-08T20:45:00.123456Z",
}


class Text(fields.String):
    """A string that PostgreSQL can hold: JSON allows NUL, PostgreSQL's `text` does not."""

    def __init__(self, *, maximum: int, blank: bool = True, **kwargs: Any) -> None:
        self.blank = blank
        # The same rules as below, for the OpenAPI document.
        pattern = r"^[^\x00]*$" if blank else r"^[^\x00]*[^\s\x00][^\x00]*$"
        metadata = {"pattern": pattern, **kwargs.pop("metadata", {})}
        lengths = [Length(max=maximum)] if blank else [Length(min=1), Length(max=maximum)]
        super().__init__(validate=lengths, metadata=metadata, **kwargs)

    def _deserialize(self, value: Any, *_: object, **__: object) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if "\0" in value:
            raise ValidationError("Holds a NUL character.")
        if not self.blank and value.isspace():
            raise ValidationError("Holds nothing but white space.")
        return value


class Boolean(fields.Boolean):
    """JSON's true and false; marshmallow's own field also takes "yes", "on" and 1."""

    def _deserialize(self, value: Any, *_: object, **__: object) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("Must be true or false.")
        return value


class QueryBoolean(fields.Boolean):
    """`true` or `false` in a query."""

    def _deserialize(self, value: Any, *_: object, **__: object) -> bool:
        if value not in {"true", "false"}:
            raise ValidationError("Must be true or false.")
        return bool(value == "true")


class QueryInteger(fields.Integer):
    """ASCII digits in a query; int() would also take `+5`, ` 5`, `1_000` and `٣`."""

    def _deserialize(self, value: Any, *_: object, **__: object) -> int:
        if not re.fullmatch(r"-?[0-9]{1,19}", value):
            raise ValidationError("Must be a whole number.")
        return int(value)


class Strict(Schema):
    """What every schema here does: refuse unknown members, ignore read-only ones, dump fast."""

    class Meta:
        unknown = RAISE

    error_messages = {  # noqa: RUF012
        "type": "Must be an object.",
        "unknown": UNKNOWN,
    }
    # Whether a request may leave the body out altogether.
    optional_body = False

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._read_only = self.dump_fields.keys() - self.load_fields.keys()
        self._names = tuple(self.dump_fields)
        self._read = attrgetter(*self._names)

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """Turn a row, or a sequence of rows, into dicts of this schema's fields.

        Values stay as they are (UUID, datetime) for the JSON provider to write. marshmallow's own
        `dump` asks every field about every value, which takes twenty times as long.
        """
        if self.many if many is None else many:
            return [dict(zip(self._names, self._read(row), strict=True)) for row in obj]
        return dict(zip(self._names, self._read(obj), strict=True))

    @pre_load
    def ignore_read_only(self, data: Any, **_: object) -> Any:
        """Let a client send back what it got (RFC 9110, section 9.3.4, leaves this to us)."""
        if not isinstance(data, Mapping):
            return data
        return {name: value for name, value in data.items() if name not in self._read_only}


def _read_only(description: str) -> dict[str, Any]:
    return {"dump_only": True, "metadata": {"description": description}}


class ReadOnlyFields(Strict):
    """The members that the service sets. A request may bring them along; they are ignored."""

    id = fields.UUID(**_read_only("UUIDv7, made by the service."))
    user_id = fields.UUID(**_read_only("The user whose task it is."))
    revision = fields.Integer(
        **_read_only("The user's counter when the task was last written: the task's version.")
    )
    created_at = fields.DateTime(**_read_only("When it was made."))
    updated_at = fields.DateTime(**_read_only("When it was last written."))


class TaskChangeSchema(ReadOnlyFields):
    """Members that are present are set, members that are absent keep their values."""

    title = Text(
        maximum=TITLE_MAX,
        blank=False,
        metadata={"description": "What is to be done; not only white space."},
    )
    description = Text(
        maximum=DESCRIPTION_MAX, allow_none=True, metadata={"description": "More about it."}
    )
    completed = Boolean(metadata={"description": "Whether it is done."})


class NewTaskSchema(TaskChangeSchema):
    """A task to be made; what it leaves out has its default."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fields["title"].required = True


class TaskSchema(TaskChangeSchema):
    """A task. All of its members are always there."""

    class Meta(Strict.Meta):
        fields = tuple(TASK_EXAMPLE)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for field in self.fields.values():
            field.required = True


class CompletionSchema(ReadOnlyFields):
    """Whether the task is done. Without it, `completed` is flipped."""

    optional_body = True
    completed = Boolean(metadata={"description": "Set it to this, instead of flipping it."})


class TaskQuerySchema(Strict):
    """What to list."""

    offset = QueryInteger(
        load_default=0,
        validate=Range(0, OFFSET_MAX),
        metadata={"description": "How many tasks to pass over."},
    )
    limit = QueryInteger(
        load_default=50,
        validate=Range(1, LIMIT_MAX),
        metadata={"description": "How many tasks to answer with at the most."},
    )
    completed = QueryBoolean(
        metadata={"description": "Only tasks that are done, or only open ones."}
    )
