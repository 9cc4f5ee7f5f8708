"""The issuer's keys: fetched when they are needed, and kept on while the issuer is away.

A fetch has a thread of its own (a greenlet, in gunicorn's workers), and there is one at a time. A
request whose key is known never waits for it; one whose key is unknown waits for as long as a fetch
may take at the most.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from threading import Event, Lock, Thread
from typing import Any, NamedTuple

import orjson
from jwt import PyJWK, PyJWTError

from tasks_api.identity.fetch import fetch

# Seconds. How long a request waits for a fetch, and how long the issuer may take for its answer.
TIMEOUT = 3.0
# From the start of one fetch to that of the next, whatever became of the first.
FETCH_INTERVAL = 30.0
# The age from which keys are asked for again: so long does a key live on that the issuer withdrew.
REFRESH_AFTER = 300.0
# The age up to which keys are good while the issuer is away.
KEEP = 24 * 3600.0

MAX_BYTES = 256 * 1024
RSA_MIN_BITS = 2048

# What a key of some type and curve may have signed (RFC 7518, section 3.1; RFC 8037). A token's
# header chooses among these and nothing else; a symmetric key has no business in a public set.
ALGORITHMS = (
    ("OKP", "Ed25519", ("EdDSA",)),
    ("EC", "P-256", ("ES256",)),
    ("RSA", None, ("RS256", "PS256")),
)

logger = logging.getLogger("tasks_api.jwks")


class UnknownKey(Exception):
    """The issuer has no such key."""


class KeysUnavailable(Exception):
    """Whether the issuer has such a key can't be told now.

    Args:
        retry_after: the seconds after which it will be asked again.
    """

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


@dataclass(frozen=True)
class Key:
    """A key to verify with, and the algorithms that it may be used for."""

    kid: str | None
    algorithms: tuple[str, ...]
    material: Any = field(repr=False)


class Secret:
    """One shared secret, in the place of an issuer's keys: HS256 and nothing else."""

    def __init__(self, secret: bytes) -> None:
        self.key = Key(None, ("HS256",), secret)

    def find(self, _kid: str | None) -> Key:
        """Give the secret, whatever a token calls it."""
        return self.key

    def vouches_for(self, key: Key) -> bool:
        """Tell whether the key is still good: a secret is as long as the process runs."""
        return key is self.key


class _Known(NamedTuple):
    """What the issuer last said, and when it was asked."""

    keys: Mapping[str | None, Key]
    # The only key there is: what a token without a kid means.
    sole: Key | None
    at: float


class _Attempt:
    """One fetch."""

    def __init__(self, started: float) -> None:
        self.started = started
        self.succeeded = False
        self.done = Event()


class RemoteKeys:
    """The keys at an address.

    Args:
        url: where the issuer has its JWK Set (RFC 7517, section 5).
        fetch: what gets it; has the signature of `fetch.fetch` and raises what that raises.
        now: a clock that only goes forward, in seconds.
    """

    def __init__(
        self,
        url: str,
        *,
        fetch: Callable[[str, float, int], bytes] = fetch,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._fetch = fetch
        self._now = now
        self._lock = Lock()
        self._known = _Known({}, None, -math.inf)
        self._attempt: _Attempt | None = None

    def find(self, kid: str | None) -> Key:
        """Give the key of that name; without a name, the only one there is.

        Raises:
            UnknownKey: the issuer answered in the last 30 seconds, and has no such key.
            KeysUnavailable: the issuer couldn't be asked.
        """
        if key := self._look_up(kid):
            return key
        attempt = self._ask()
        attempt.done.wait(max(0.0, attempt.started + TIMEOUT - self._now()))
        if key := self._look_up(kid):
            return key
        if attempt.succeeded:
            raise UnknownKey
        wait = attempt.started + FETCH_INTERVAL - self._now()
        raise KeysUnavailable(retry_after=max(1, math.ceil(wait)))

    def vouches_for(self, key: Key) -> bool:
        """Tell whether the issuer, as far as is known, still has exactly this key."""
        return self._look_up(key.kid) == key

    def _look_up(self, kid: str | None) -> Key | None:
        known = self._known
        age = self._now() - known.at
        if age > REFRESH_AFTER:
            self._ask()
        if age > KEEP:
            return None
        return known.sole if kid is None else known.keys.get(kid)

    def _ask(self) -> _Attempt:
        """Give the fetch that is under way, or was lately; else start one. Waits for nothing."""
        with self._lock:
            last = self._attempt
            if last and not (last.done.is_set() and self._now() - last.started >= FETCH_INTERVAL):
                return last
            attempt = _Attempt(self._now())
            Thread(target=self._run, args=(attempt,), daemon=True, name="jwks").start()
            self._attempt = attempt
            return attempt

    def _run(self, attempt: _Attempt) -> None:
        try:
            usable = parse(self._fetch(self._url, TIMEOUT, MAX_BYTES))
        except (OSError, HTTPException, ValueError) as error:
            # The keys that are known stay; the answer's own words might be anybody's.
            logger.warning("the issuer's keys can't be had: %s", type(error).__name__)
        else:
            # Of keys with one name, the first counts.
            keys = {key.kid: key for key in reversed(usable)}
            sole = usable[0] if len(usable) == 1 else None
            self._known = _Known(keys, sole, attempt.started)
            attempt.succeeded = True
            logger.info("the issuer has %d usable keys", len(usable))
        finally:
            attempt.done.set()


def parse(document: bytes) -> list[Key]:
    """Read a JWK Set; leave out each key that can't be used for verifying here.

    An empty set is the issuer's word like any other: its keys are withdrawn.

    Raises:
        ValueError: it isn't a JWK Set at all.
    """
    jwks = orjson.loads(document)
    if not isinstance(jwks, dict) or not isinstance(jwks.get("keys"), list):
        raise ValueError("not a JWK Set")  # noqa: TRY004
    return [key for jwk in jwks["keys"] if (key := _usable(jwk))]


def _usable(jwk: Any) -> Key | None:
    if not isinstance(jwk, dict):
        return None
    kid, alg, operations = jwk.get("kid"), jwk.get("alg"), jwk.get("key_ops", ["verify"])
    algorithms = [
        algorithm
        for kty, crv, algorithms in ALGORITHMS
        if jwk.get("kty") == kty and (crv is None or jwk.get("crv") == crv)
        for algorithm in algorithms
        if alg is None or alg == algorithm
    ]
    if (
        not algorithms
        or not (kid is None or isinstance(kid, str))
        or jwk.get("use") not in (None, "sig")
        or not (isinstance(operations, list) and "verify" in operations)
        # A private key that was published is everybody's.
        or "d" in jwk
    ):
        return None
    try:
        material = PyJWK(jwk, algorithms[0]).key
    except PyJWTError:
        return None
    if jwk["kty"] == "RSA" and material.key_size < RSA_MIN_BITS:
        return None
    return Key(kid, tuple(algorithms), material)
