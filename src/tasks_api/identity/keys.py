"""The issuer's keys: fetched when they are needed, and kept while the issuer is away.

A fetch runs in a thread of its own (a greenlet, in gunicorn's workers), one at a time. A request
whose key is known never waits for it; one whose key is unknown waits for at most `TIMEOUT`.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping
from http.client import HTTPException
from threading import Event, Lock, Thread
from typing import NamedTuple

from tasks_api.identity import jwks
from tasks_api.identity.fetch import fetch
from tasks_api.identity.jwks import Key

# Seconds. How long a request waits for a fetch, finding the host included, and how long the issuer
# may take for its answer.
TIMEOUT = 3.0
# From the start of one fetch to that of the next, whether it succeeded or not.
FETCH_INTERVAL = 30.0
# The age at which keys are fetched again. A key that the issuer withdrew lives on for as long.
REFRESH_AFTER = 300.0
# The age up to which keys are good while the issuer is away.
MAX_AGE = 24 * 3600.0

MAX_BYTES = 256 * 1024

logger = logging.getLogger("tasks_api.jwks")


class UnknownKey(Exception):
    """The issuer has no such key."""


class KeysUnavailable(Exception):
    """The issuer can't be asked now whether it has such a key.

    Args:
        retry_after: the seconds after which it will be asked again.
    """

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class SharedSecret:
    """A secret shared with the issuer, in place of its public keys: HS256 and nothing else."""

    def __init__(self, secret: bytes) -> None:
        self._key = Key(None, ("HS256",), secret)

    def find(self, _kid: str | None) -> Key:
        """Return the secret: a token may name it as it likes."""
        return self._key

    def still_has(self, key: Key) -> bool:
        """Return whether the key is this secret."""
        return key is self._key


class _KeySet(NamedTuple):
    """What the issuer answered last, and when it was asked."""

    by_kid: Mapping[str | None, Key]
    # The only key in the set, which verifies tokens without a kid; None where there are several.
    sole: Key | None
    asked_at: float


class _Fetch:
    """One fetch: when it started, and how it ended."""

    def __init__(self, started: float) -> None:
        self.started = started
        self.succeeded = False
        self.done = Event()


class RemoteKeys:
    """The keys at an address.

    Args:
        url: where the issuer has its JWK Set (RFC 7517, section 5).
        fetch: gets the document; it has the signature of `fetch.fetch` and raises the same errors.
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
        self._key_set = _KeySet({}, None, -math.inf)
        self._last_fetch: _Fetch | None = None

    def find(self, kid: str | None) -> Key:
        """Return the key of that name; without a name, the only one there is.

        Raises:
            UnknownKey: the issuer answered in the last 30 seconds, and has no such key.
            KeysUnavailable: the issuer couldn't be asked.
        """
        if key := self._look_up(kid):
            return key
        last = self._start_fetch_if_due()
        last.done.wait(max(0.0, last.started + TIMEOUT - self._now()))
        if key := self._look_up(kid):
            return key
        if last.succeeded:
            raise UnknownKey
        wait = last.started + FETCH_INTERVAL - self._now()
        raise KeysUnavailable(retry_after=max(1, math.ceil(wait)))

    def still_has(self, key: Key) -> bool:
        """Return whether the issuer, by its last answer, still has exactly this key."""
        return self._look_up(key.kid) == key

    def _look_up(self, kid: str | None) -> Key | None:
        key_set = self._key_set
        age = self._now() - key_set.asked_at
        if age > REFRESH_AFTER:
            self._start_fetch_if_due()
        if age > MAX_AGE:
            return None
        return key_set.sole if kid is None else key_set.by_kid.get(kid)

    def _start_fetch_if_due(self) -> _Fetch:
        """Return the fetch that is running or recent, else start one. Waits for nothing."""
        with self._lock:
            last = self._last_fetch
            if last and not (last.done.is_set() and self._now() - last.started >= FETCH_INTERVAL):
                return last
            new = _Fetch(self._now())
            Thread(target=self._run, args=(new,), daemon=True, name="jwks").start()
            self._last_fetch = new
            return new

    def _run(self, current: _Fetch) -> None:
        try:
            usable = jwks.parse(self._fetch(self._url, TIMEOUT, MAX_BYTES))
        except (OSError, HTTPException, ValueError) as error:
            # The known keys stay. The error's text may hold words of the answer: only its type
            # goes to the log.
            logger.warning("the issuer's keys can't be fetched: %s", type(error).__name__)
        else:
            # Of keys with one name, the first counts.
            by_kid = {key.kid: key for key in reversed(usable)}
            sole = usable[0] if len(usable) == 1 else None
            self._key_set = _KeySet(by_kid, sole, current.started)
            current.succeeded = True
            logger.info("the issuer has %d usable keys", len(usable))
        finally:
            current.done.set()
