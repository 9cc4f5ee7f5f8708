"""Cursors: where a walk along a list has got to, in a string that means nothing to a client."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
from itsdangerous import BadData, URLSafeSerializer

# No secret: the signature keeps out what is mistyped, cut off or meant for another list. A cursor
# can't reach another user's tasks, because every statement names its user; what it holds is
# checked like any other input.
KEY = "tasks_api.cursor"


class Json:
    """JSON for itsdangerous: it writes moments, and reads no lone surrogates."""

    loads = staticmethod(orjson.loads)

    @staticmethod
    def dumps(value: Any) -> str:
        """Return JSON."""
        return orjson.dumps(value).decode()


SERIALIZER = URLSafeSerializer(KEY, serializer=Json)


class CursorError(ValueError):
    """The string is not a cursor for this list."""


def encode(user_id: UUID, sort: str, position: list[Any]) -> str:
    """Return a cursor.

    Args:
        user_id: whose list it is.
        sort: how the list is sorted; the cursor is good for no other order.
        position: what `decode` is to return; moments come back as text.
    """
    return str(SERIALIZER.dumps(position, salt=f"{user_id} {sort}"))


def decode(user_id: UUID, sort: str, cursor: str) -> Any:
    """Return the position, which may have been made up by the client.

    Raises:
        CursorError: this isn't a cursor for this user and this order.
    """
    try:
        # itsdangerous would read padding as well, which it never writes.
        return SERIALIZER.loads(cursor.replace("=", " "), salt=f"{user_id} {sort}")
    except BadData:
        raise CursorError from None
