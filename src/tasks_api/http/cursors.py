"""Cursors: where a walk along a list has got to, in a string that means nothing to a client."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b
from typing import Any
from uuid import UUID

import orjson

VERSION = 1
DIGEST_BYTES = 8


class CursorError(ValueError):
    """The string is not a cursor for this list."""


def encode(user_id: UUID, sort: str, position: list[Any]) -> str:
    """Make a cursor.

    Args:
        user_id: whose list it is.
        sort: how the list is sorted; the cursor is good for no other order.
        position: what `decode` is to give back, as JSON can hold it.
    """
    payload = orjson.dumps([VERSION, sort, *position])
    return urlsafe_b64encode(_digest(user_id, payload) + payload).decode().rstrip("=")


def decode(user_id: UUID, sort: str, cursor: str) -> list[Any]:
    """Give the position back.

    The digest has no secret: it keeps out what is mistyped, cut off or meant for another list. A
    cursor can't reach another user's tasks, whoever makes it; every statement names its user.

    Raises:
        CursorError: this isn't a cursor that `encode` made for this user and this order.
    """
    try:
        data = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except ValueError:
        raise CursorError from None
    digest, payload = data[:DIGEST_BYTES], data[DIGEST_BYTES:]
    # Base64 can say the same thing in several ways; only one of them is what `encode` said.
    if urlsafe_b64encode(data).decode().rstrip("=") != cursor or digest != _digest(
        user_id, payload
    ):
        raise CursorError
    try:
        version, made_for, *position = orjson.loads(payload)
    except (ValueError, TypeError):
        # Somebody has made it up, digest and all.
        raise CursorError from None
    if (version, made_for) != (VERSION, sort):
        raise CursorError
    return list(position)


def _digest(user_id: UUID, payload: bytes) -> bytes:
    return blake2b(payload, digest_size=DIGEST_BYTES, key=user_id.bytes).digest()
