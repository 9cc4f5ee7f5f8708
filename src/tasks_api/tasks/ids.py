"""Ids that clients choose, so that they can work offline."""

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from marshmallow import ValidationError, fields

# RFC 9562, sections 4.1 and 4.2: its variant, and the versions that it defines. The nil UUID and
# the max UUID have neither.
_HEX = "[0-9a-fA-F]"
PATTERN = f"{_HEX}{{8}}-{_HEX}{{4}}-[1-8]{_HEX}{{3}}-[89abAB]{_HEX}{{3}}-{_HEX}{{12}}"


class ChosenId(fields.UUID):
    """A UUID of RFC 9562, in lower or upper case."""

    def __init__(self, *, description: str, **kwargs: Any) -> None:
        metadata = {"description": description, "pattern": f"^{PATTERN}$"}
        super().__init__(metadata=metadata, **kwargs)

    def _deserialize(self, value: Any, *_: object, **__: object) -> UUID:
        if not isinstance(value, str) or not re.fullmatch(PATTERN, value):
            raise ValidationError("Must be a UUID of RFC 9562, neither the nil nor the max UUID.")
        return UUID(value)


def refuse_repeated(ids: Iterable[UUID | None]) -> None:
    """Refuse an array of objects of which two have the same id.

    Raises:
        ValidationError: at the place of the second one.
    """
    seen = set()
    for number, each in enumerate(ids):
        if each is not None and each in seen:
            raise ValidationError({number: {"id": ["Must differ from the ids before it."]}})
        seen.add(each)
