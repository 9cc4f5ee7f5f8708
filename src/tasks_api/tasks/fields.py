"""Members of a task that have rules of their own, as fields of marshmallow."""

import re
from collections.abc import Iterable
from functools import cache
from time import sleep
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from marshmallow import ValidationError, fields
from marshmallow.validate import Length, Regexp

from recurrence_rules.rule import Rule
from tasks_api.http.fields import Choice, Text
from tasks_api.tasks.models import POSITION_MAX, PRIORITIES, RECURRENCE_MAX, TAG_MAX, TAGS_MAX

TAGS_LENGTH = Length(max=TAGS_MAX)
# The file system is asked once.
TIME_ZONES = cache(available_timezones)

# RFC 9562, sections 4.1 and 4.2: its variant, and the versions that it defines. The nil UUID and
# the max UUID have neither.
_HEX = "[0-9a-fA-F]"
CHOSEN_ID = f"{_HEX}{{8}}-{_HEX}{{4}}-[1-8]{_HEX}{{3}}-[89abAB]{_HEX}{{3}}-{_HEX}{{12}}"
SAME_ID = {"id": ["Must differ from the ids before it."]}


def refuse_repeated(values: Iterable[object], error: object = SAME_ID) -> None:
    """Refuse an array in which two values, unless they are None, are the same.

    Raises:
        ValidationError: at the place of the second one.
    """
    seen = set()
    for number, value in enumerate(values):
        if value is not None and value in seen:
            raise ValidationError({number: error})
        seen.add(value)


class ChosenId(fields.UUID):
    """An id that the client has chosen: a UUID of RFC 9562, in lower or upper case."""

    def __init__(self, *, description: str, **kwargs: Any) -> None:
        metadata = {"description": description, "pattern": f"^{CHOSEN_ID}$"}
        super().__init__(metadata=metadata, **kwargs)

    def _deserialize(self, value: Any, *_: object, **__: object) -> UUID:
        if not isinstance(value, str) or not re.fullmatch(CHOSEN_ID, value):
            raise ValidationError("Must be a UUID of RFC 9562, neither the nil nor the max UUID.")
        return UUID(value)


class Tags(fields.List[str]):
    """Distinct tags. Their number is checked first, so that a long list costs little."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Text(minimum=1, maximum=TAG_MAX), validate=TAGS_LENGTH, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> list[str | None]:
        if isinstance(value, list):
            TAGS_LENGTH(value)
        tags = super()._deserialize(value, *args, **kwargs)
        refuse_repeated(tags, ["Must differ from the tags before it."])
        return tags


class Priority(Choice):
    """How much a task matters, from the lowest to the highest."""

    choices = {name: name.upper() for name in PRIORITIES}  # noqa: RUF012


class Position(fields.String):
    """A key of fractional indexing."""

    def __init__(self, **kwargs: Any) -> None:
        metadata = {"minLength": 1, "maxLength": POSITION_MAX, "pattern": "^[0-9A-Za-z]+$"}
        error = f"Must be 1 to {POSITION_MAX} of 0-9, A-Z and a-z."
        super().__init__(
            validate=Regexp(rf"[0-9A-Za-z]{{1,{POSITION_MAX}}}\Z", error=error),
            **{**kwargs, "metadata": {**metadata, **kwargs.get("metadata", {})}},
        )


class TimeZone(fields.String):
    """The name of a time zone."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        name = super()._deserialize(value, *args, **kwargs)
        if name not in TIME_ZONES():
            raise ValidationError("Must be an IANA time zone, such as Europe/Berlin.")
        return name


class Recurrence(Text):
    """A recurrence rule, in upper case."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(minimum=1, maximum=RECURRENCE_MAX, **kwargs)

    def _deserialize(self, value: Any, *_: object, **__: object) -> str:
        text = super()._deserialize(value).upper()
        # One that is too long is refused afterwards.
        if len(text) <= RECURRENCE_MAX:
            # Some rules take milliseconds, and a batch has 100: others go on in between.
            sleep(0)
            try:
                Rule(text)
            except ValueError as error:
                raise ValidationError(str(error)) from None
        return text
