"""marshmallow's fields and schema, where they would guess or coerce, made strict."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, pre_load
from marshmallow.validate import Length, OneOf

UNKNOWN = "There is no such member or parameter."

# RFC 3339, section 5.6; the standard library's own reader takes a good deal more.
FULL_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
RFC_3339 = re.compile(
    # From Python 3.14 on, `fromisoformat` reads 24:00 too, as the next day.
    FULL_DATE.pattern + r"[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]{1,9})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
LEAP_SECOND = slice(17, 19)

# What is not white space for `str.isspace`, spelt out: readers of `\S` differ. U+2028 and U+2029
# are within a range: in generated code, they could end a line.
VISIBLE = (
    r"([^\x00\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u202f\u205f\u3000]|[\u200b-\u2027\u202a-\u202e])"
)


def says(description: str, **more: Any) -> dict[str, Any]:
    """Return what the document says of a field."""
    return {"description": description, **more}


class Text(fields.String):
    """A string that PostgreSQL can hold: JSON allows NUL, PostgreSQL's `text` does not.

    Its length is in code points. If it may not be `blank`, it has more than white space.
    """

    def __init__(
        self, *, maximum: int, minimum: int = 0, blank: bool = True, **kwargs: Any
    ) -> None:
        self.blank = blank
        # The same rules as below, for the OpenAPI document.
        pattern = r"^[^\x00]*$" if blank else rf"^[^\x00]*{VISIBLE}[^\x00]*$"
        metadata = {"pattern": pattern, **kwargs.pop("metadata", {})}
        lengths = [Length(max=maximum), *([Length(min=minimum)] if minimum else [])]
        super().__init__(validate=lengths, metadata=metadata, **kwargs)

    def _deserialize(self, value: Any, *_: object, **__: object) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if "\0" in value:
            raise ValidationError("Must not contain a NUL character.")
        if not self.blank and value.isspace():
            raise ValidationError("Must not be only white space.")
        return value


class Boolean(fields.Boolean):
    """JSON's true and false; marshmallow's own field also takes "yes", "on" and 1."""

    def _deserialize(self, value: Any, *_: object, **__: object) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("Must be true or false.")
        return value


class QueryBoolean(fields.Boolean):
    """`true` or `false` in a query."""

    truthy, falsy = {"true"}, {"false"}
    default_error_messages = {"invalid": "Must be true or false."}  # noqa: RUF012


class QueryInteger(fields.Integer):
    """ASCII digits in a query; int() would also take `+5`, ` 5`, `1_000` and `٣`."""

    def _deserialize(self, value: Any, *_: object, **__: object) -> int:
        if not re.fullmatch(r"-?[0-9]{1,19}", value):
            raise ValidationError("Must be a whole number.")
        return int(value)


class Choice(fields.String):
    """One of some strings. The document names the type, so that generated clients have it once.

    A subclass gives the type its name and, by its docstring, its description.
    """

    # Each string, and what code that is generated calls it.
    choices: Mapping[str, str]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=OneOf(self.choices), **kwargs)


class Either(fields.Field[Any]):
    """An object of one of some schemas, in an answer."""

    def __init__(self, *schemas: Schema) -> None:
        self.schemas = schemas
        super().__init__()


class Timestamp(fields.AwareDateTime):
    """A moment, as RFC 3339 writes it, turned into UTC."""

    def _deserialize(self, value: Any, *_: object, **__: object) -> datetime:
        if not isinstance(value, str) or not RFC_3339.fullmatch(value):
            raise ValidationError(
                "Must be an RFC 3339 timestamp with an offset, such as 2026-01-08T20:45:00Z."
            )
        if value[LEAP_SECOND] == "60":
            raise ValidationError("Leap seconds are not kept: write the second before or after.")
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            raise ValidationError(
                "Must be a date and time that exist, in the years 1 to 9999 of UTC."
            ) from None


class QueryTimestamp(Timestamp):
    """A moment in a query, at the offset that it was given with."""

    def _deserialize(self, value: Any, *_: object, **__: object) -> datetime:
        if " " in value and RFC_3339.fullmatch(value.replace(" ", "+")):
            raise ValidationError("The + of the offset arrived as a space: write + as %2B.")
        moment = super()._deserialize(value)
        return moment.astimezone(datetime.fromisoformat(value.upper()).tzinfo)


class Day(fields.Date):
    """A day, as RFC 3339 writes it, without a time or a zone."""

    def _deserialize(self, value: Any, *_: object, **__: object) -> date:
        if not isinstance(value, str) or not FULL_DATE.fullmatch(value):
            raise ValidationError("Must be a date without a time, such as 2026-01-09.")
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValidationError("Must be a date that exists, from the year 1 on.") from None


class Answer(Schema):
    """What an answer has, for the document: all members, but for optional ones.

    A statement returns exactly these. marshmallow's `dump` takes longer than the rest of a list: it
    asks each field of each value.
    """

    class Meta:
        unknown = RAISE

    # Members that some answers lack.
    optional: tuple[str, ...] = ()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name, field in self.fields.items():
            field.required = name not in self.optional


class Strict(Schema):
    """What every schema of a request does: refuse unknown members, ignore read-only ones."""

    class Meta:
        unknown = RAISE

    error_messages = {"type": "Must be an object.", "unknown": UNKNOWN}  # noqa: RUF012
    optional_body = False  # Whether a request may leave the body out altogether.
    large_body = False  # Whether the body may be as large as an array of objects.
    array_max = 0  # How many objects there may be in the array, where there are many.

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._read_only = self.dump_fields.keys() - self.load_fields.keys()

    @pre_load(pass_collection=True)
    def expect_array(self, data: Any, *, many: bool, **_: object) -> Any:
        """Refuse what is not an array, or one of a wrong length, where there are to be many."""
        if many and not isinstance(data, list):
            raise ValidationError("Must be an array.")
        if many and not 1 <= len(data) <= self.array_max:
            raise ValidationError(f"Must have 1 to {self.array_max} elements, not {len(data)}.")
        return data

    @pre_load
    def ignore_read_only(self, data: Any, **_: object) -> Any:
        """Let a client send back what it got."""
        if not isinstance(data, Mapping):
            return data
        return {name: value for name, value in data.items() if name not in self._read_only}
