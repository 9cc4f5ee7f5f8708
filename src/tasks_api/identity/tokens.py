"""A JSON Web Token (RFC 7519) in, its user out."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from hashlib import sha256
from threading import Lock
from typing import Any, NamedTuple
from uuid import UUID, uuid5

import jwt
from cachetools import LRUCache, cached
from prometheus_client import Counter

from issuer_keys.jwks import Key
from issuer_keys.keys import KeysUnavailable, RemoteKeys, SharedSecret, UnknownKey
from tasks_api.identity.settings import HYPHENATED_UUID

# How far, in seconds, the issuer's clock may be from ours.
LEEWAY = 30
# The longest token that is checked; gunicorn accepts no longer header.
MAX_LENGTH = 8190
# Any token (RFC 7519, section 5.1), or an access token (RFC 9068, section 2.1). Others, such as a
# proof of possession or a logout token, are made for something else.
TYPES = frozenset({"jwt", "at+jwt"})
# How many verified tokens a worker remembers: about a megabyte of them.
REMEMBERED = 4096

FETCHES = Counter("tasks_api_jwks_fetches", "Fetches of the issuer's keys.", ["outcome"])
# Both are there from the start: a rate needs a value before the first failure.
FETCHED, FETCH_FAILED = FETCHES.labels("ok"), FETCHES.labels("failed")

logger = logging.getLogger("tasks_api.jwks")


class InvalidToken(Exception):
    """The token is not valid. The text says why, for the log and never for the client."""


class _Verified(NamedTuple):
    """What is known of a token whose signature and claims were checked."""

    user_id: UUID
    expires: float
    key: Key


# Without a text of its own, which would have the secret.
@dataclass(eq=False, repr=False)
class Verifier:
    """Finds the user of a token."""

    keys: RemoteKeys | SharedSecret  # The issuer's.
    _: KW_ONLY
    issuer: str  # The only `iss` that is accepted.
    audience: str  # What `aud` must be, or have among its values.
    user_claim: str = "sub"  # The claim with the user's id.
    # If the claim is no UUID, the user is the UUIDv5 of it in this namespace.
    user_namespace: UUID | None = None
    now: Callable[[], float] = time.time  # The time of day, in seconds since 1970.
    remembered: int = REMEMBERED  # How many verified tokens to remember.

    def __post_init__(self) -> None:
        # Under a hash of the token, so that its text isn't kept.
        remember = cached(
            LRUCache[bytes, _Verified](self.remembered),
            key=lambda token: sha256(token.encode()).digest(),
            lock=Lock(),
        )
        self._verify_once = remember(self._verify)

    def user_of(self, token: str) -> UUID:
        """Return the user of the token.

        Raises:
            InvalidToken: it is not valid.
            KeysUnavailable: its key is unknown, and the issuer can't be asked now.
        """
        return self._check(token).user_id

    def seconds_left(self, token: str) -> float:
        """Return for how many seconds from now the token is accepted; 0 if it isn't any more."""
        try:
            return self._check(token).expires + LEEWAY - self.now()
        except (InvalidToken, KeysUnavailable):
            return 0

    def _check(self, token: str) -> _Verified:
        """Verify a token: once, until it expires or the issuer withdraws its key.

        In the leeway after its expiry, it is verified each time.
        """
        verified = self._verify_once(token)
        if self.now() >= verified.expires or not self.keys.still_has(verified.key):
            verified = self._verify(token)
        return verified

    def _verify(self, token: str) -> _Verified:
        if len(token) > MAX_LENGTH:
            raise InvalidToken("too long")
        try:
            header = jwt.get_unverified_header(token)
            # A media type, in any case; `application/` may be left out (RFC 7515, section 4.1.9).
            if str(header.get("typ", "jwt")).lower().removeprefix("application/") not in TYPES:
                raise InvalidToken("typ")
            # PyJWT knows the extension `b64`, which nothing here uses.
            if "crit" in header or "b64" in header:
                raise InvalidToken("crit")
            key = self.keys.find(header.get("kid"))
            claims = jwt.decode(
                token,
                key.material,
                algorithms=key.algorithms,
                issuer=self.issuer,
                audience=self.audience,
                # Times are checked below: PyJWT accepts "1" and 1.9, and reads its own clock.
                options={
                    "require": ["iss", "aud", "exp", "iat", self.user_claim],
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except (jwt.PyJWTError, UnknownKey) as error:
            raise InvalidToken(type(error).__name__) from None
        expires = self._check_times(claims)
        return _Verified(self._user(claims), expires, key)

    def _user(self, claims: Mapping[str, Any]) -> UUID:
        """Return the user that the claim names (RFC 9562, section 5.5, for what is no UUID)."""
        claim = claims[self.user_claim]
        if not isinstance(claim, str) or not claim:
            raise InvalidToken(f"{self.user_claim} is not a text")
        if HYPHENATED_UUID.fullmatch(claim):
            return UUID(claim)
        if not self.user_namespace:
            raise InvalidToken(f"{self.user_claim} is not a UUID")
        try:
            return uuid5(self.user_namespace, claim)
        except UnicodeEncodeError:
            raise InvalidToken(f"{self.user_claim} has a lone surrogate") from None

    def _check_times(self, claims: Mapping[str, Any]) -> float:
        """Check the times (RFC 7519, sections 4.1.4 to 4.1.6); return that of the expiry."""
        now = self.now()
        expires = _seconds(claims, "exp")
        if expires + LEEWAY <= now:
            raise InvalidToken("expired")
        for name in ("iat", "nbf"):
            if name in claims and _seconds(claims, name) > now + LEEWAY:
                raise InvalidToken(f"{name} is in the future")
        return expires


def _seconds(claims: Mapping[str, Any], name: str) -> float:
    value = claims[name]
    # The comparison refuses NaN too, which Python's JSON reads; a float is exact below 2**53.
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 2**53:
        raise InvalidToken(f"{name} is not a time")
    return value


def key_source(secret: bytes | None, jwks_url: str | None) -> RemoteKeys | SharedSecret:
    """Return where keys come from: a shared secret, or the issuer's address."""
    return SharedSecret(secret) if secret else RemoteKeys(jwks_url or "", report=report_fetch)


def report_fetch(outcome: int | Exception) -> None:
    """Count and log a fetch of the issuer's keys: how many it brought, or why it failed."""
    if isinstance(outcome, Exception):
        FETCH_FAILED.inc()
        # The error's text may hold words of the answer.
        logger.warning("the issuer's keys can't be fetched: %s", type(outcome).__name__)
    else:
        FETCHED.inc()
        logger.info("the issuer has %d usable keys", outcome)
