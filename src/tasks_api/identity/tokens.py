"""Tokens: a JSON Web Token (RFC 7519) in, the user who is calling out."""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from hashlib import sha256
from threading import Lock
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import jwt

from tasks_api.config import Config
from tasks_api.identity.jwks import Key
from tasks_api.identity.keys import RemoteKeys, SharedSecret, UnknownKey

# How far, in seconds, the issuer's clock may be from ours.
LEEWAY = 30
# The longest token that is looked at; gunicorn takes no longer header anyway.
MAX_LENGTH = 8190
# How many verified tokens a worker remembers: about a megabyte of them.
REMEMBERED = 4096
REQUIRED = ["iss", "aud", "exp", "iat", "sub"]
# What `uuid.UUID` makes of braces, `urn:uuid:` and missing hyphens is not for us to guess.
CANONICAL = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class InvalidToken(Exception):
    """The token proves nothing. The text says why, for the log, never for the caller."""


class Keys(Protocol):
    """Where keys come from."""

    def find(self, kid: str | None, /) -> Key:
        """Give the key of that name, or raise."""

    def still_has(self, key: Key, /) -> bool:
        """Tell whether the key is still good."""


class _Verified(NamedTuple):
    user_id: UUID
    expires: float
    key: Key


class Verifier:
    """Tells who is calling.

    Args:
        keys: the issuer's.
        issuer: the only `iss` that is taken.
        audience: what `aud` must be, or have in it.
        now: the time of day, in seconds since 1970.
        remembered: how many verified tokens to remember.
    """

    def __init__(
        self,
        keys: Keys,
        *,
        issuer: str,
        audience: str,
        now: Callable[[], float] = time.time,
        remembered: int = REMEMBERED,
    ) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._now = now
        self._size = remembered
        # By a hash: what can be read in our memory isn't a token.
        self._remembered: OrderedDict[bytes, _Verified] = OrderedDict()
        self._lock = Lock()

    def user_of(self, token: str) -> UUID:
        """Give the user whom the token was made for.

        A token that was verified before costs a hash, until it expires or the issuer withdraws its
        key; in the leeway after its expiry it is verified anew.

        Raises:
            InvalidToken: it proves nothing.
            KeysUnavailable: it can't be told now whether it does.
        """
        digest = sha256(token.encode()).digest()
        with self._lock:
            known = self._remembered.get(digest)
            if known:
                self._remembered.move_to_end(digest)
        if known and self._now() < known.expires and self._keys.still_has(known.key):
            return known.user_id
        verified = self._verify(token)
        with self._lock:
            self._remembered[digest] = verified
            if len(self._remembered) > self._size:
                self._remembered.popitem(last=False)
        return verified.user_id

    def _verify(self, token: str) -> _Verified:
        if len(token) > MAX_LENGTH:
            raise InvalidToken("too long")
        try:
            header = jwt.get_unverified_header(token)
            if header.get("typ", "JWT") != "JWT":
                raise InvalidToken("typ")
            # PyJWT knows the extension `b64`; nothing here has a use for it.
            if "crit" in header or "b64" in header:
                raise InvalidToken("crit")
            key = self._keys.find(header.get("kid"))
            claims = jwt.decode(
                token,
                key.material,
                algorithms=key.algorithms,
                issuer=self._issuer,
                audience=self._audience,
                # Times are checked below: PyJWT takes "1" and 1.9 for them, and has its own clock.
                options={
                    "require": REQUIRED,
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except (jwt.PyJWTError, UnknownKey) as error:
            raise InvalidToken(type(error).__name__) from None
        expires = self._check_times(claims)
        if not CANONICAL.fullmatch(claims["sub"]):
            raise InvalidToken("sub is not a UUID")
        return _Verified(UUID(claims["sub"]), expires, key)

    def _check_times(self, claims: Mapping[str, Any]) -> float:
        """Check the times (RFC 7519, sections 4.1.4 to 4.1.6); give the expiry."""
        now = self._now()
        expires = _seconds(claims, "exp")
        if expires + LEEWAY <= now:
            raise InvalidToken("expired")
        if _seconds(claims, "iat") > now + LEEWAY:
            raise InvalidToken("iat is in the future")
        if "nbf" in claims and _seconds(claims, "nbf") > now + LEEWAY:
            raise InvalidToken("nbf is in the future")
        return expires


def _seconds(claims: Mapping[str, Any], name: str) -> float:
    value = claims[name]
    # Written so that it refuses NaN too, which Python's JSON has; beyond 2**53 a float errs.
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 2**53:
        raise InvalidToken(f"{name} is not a time")
    return value


def verifier_for(config: Config) -> Verifier:
    """Make the verifier that the settings ask for."""
    keys = (
        SharedSecret(config.jwt_secret)
        if config.jwt_secret
        else RemoteKeys(config.jwt_jwks_url or "")
    )
    return Verifier(keys, issuer=config.jwt_issuer, audience=config.jwt_audience)


def mint(config: Config, user_id: UUID, *, seconds: int) -> str:
    """Make a token for a user, with the secret of the settings, for development."""
    now = int(time.time())
    claims = {
        "iss": config.jwt_issuer,
        "aud": config.jwt_audience,
        "sub": str(user_id),
        "iat": now,
        "exp": now + seconds,
    }
    return jwt.encode(claims, config.jwt_secret or b"", algorithm="HS256")
