"""The issuer's keys: fetched when they are needed, and kept while the issuer is away.

A fetch runs in a thread of its own (a greenlet, in gunicorn's workers), one at a time. A request
whose key is known never waits for it; one whose key is unknown waits for at most `TIMEOUT`.
"""

import math
import time
from collections.abc import Callable, Mapping
from http.client import HTTPException
from threading import Event, Lock, Thread

from cachetools import LRUCache

from issuer_keys import jwks
from issuer_keys.fetch import fetch
from issuer_keys.jwks import Key

# Seconds. How long a request waits for a fetch, finding the host included, and how long the issuer
# may take for its answer.
TIMEOUT = 3.0
# From the start of one fetch to the start of the next, whether it succeeded or not.
FETCH_INTERVAL = 30.0
# The age at which keys are fetched again. A key that the issuer withdrew is good until then.
REFRESH_AFTER = 300.0
# The age up to which keys are good while the issuer is away.
MAX_AGE = 24 * 3600.0

MAX_BYTES = 256 * 1024
# How many names of unknown keys are remembered.
MAX_UNKNOWN = 256


class UnknownKey(Exception):
    """The issuer has no such key: it was asked since the key first came up."""


class KeysUnavailable(Exception):
    """Whether the issuer has such a key isn't known, and it can't be asked now.

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
        """Return the secret, for any name that a token uses."""
        return self._key

    def still_has(self, key: Key) -> bool:
        """Return whether the key is this secret."""
        return key is self._key


class _Fetch:
    """One fetch: its number, counted from 1, when it started, whether it is over, and the keys."""

    def __init__(self, number: int, started: float) -> None:
        self.number = number
        self.started = started
        self.done = Event()
        self.keys: Mapping[str | None, Key] = {}
        # The only key in the set, which verifies tokens without a kid; None if there are several.
        self.sole: Key | None = None


# What is known before the first fetch.
_NONE = _Fetch(0, -math.inf)
_NONE.done.set()


class RemoteKeys:
    """The keys at an address.

    Args:
        url: where the issuer has its JWK Set (RFC 7517, section 5).
        report: told of each fetch: how many usable keys it brought, or why it failed.
        fetch: gets the document; it has the signature of `fetch.fetch` and raises the same errors.
        now: a clock that only goes forward, in seconds.
    """

    def __init__(
        self,
        url: str,
        *,
        report: Callable[[int | Exception], None] = lambda _: None,
        fetch: Callable[[str, float, int], bytes] = fetch,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._report = report
        self._fetch = fetch
        self._now = now
        self._lock = Lock()
        # The last one that was started, and the last one that succeeded.
        self._last = self._succeeded = _NONE
        # For each unknown kid, the last fetch that had started before it first came up.
        self._first_seen = LRUCache[str | None, int](MAX_UNKNOWN)

    def find(self, kid: str | None) -> Key:
        """Return the key of that name; without a name, the only one there is.

        Raises:
            UnknownKey: the issuer was asked since the key first came up, and has no such key.
            KeysUnavailable: the issuer didn't answer, or may not be asked again yet.
        """
        with self._lock:
            before = self._last.number
        if key := self._look_up(kid):
            return key
        last = self._start_fetch_if_due()
        last.done.wait(max(0.0, last.started + TIMEOUT - self._now()))
        if key := self._look_up(kid):
            return key
        with self._lock:
            first_seen = self._first_seen.setdefault(kid, before)
        if self._current().number > first_seen:
            raise UnknownKey
        wait = last.started + FETCH_INTERVAL - self._now()
        raise KeysUnavailable(retry_after=max(1, math.ceil(wait)))

    def still_has(self, key: Key) -> bool:
        """Return whether the issuer, by its last answer, still has exactly this key."""
        return self._look_up(key.kid) == key

    def _look_up(self, kid: str | None) -> Key | None:
        known = self._current()
        if self._now() - known.started > REFRESH_AFTER:
            self._start_fetch_if_due()
        return known.sole if kid is None else known.keys.get(kid)

    def _current(self) -> _Fetch:
        known = self._succeeded
        return known if self._now() - known.started <= MAX_AGE else _NONE

    def _start_fetch_if_due(self) -> _Fetch:
        """Return the fetch that is running or recent, else start one. Waits for nothing."""
        with self._lock:
            last = self._last
            if not last.done.is_set() or self._now() - last.started < FETCH_INTERVAL:
                return last
            new = _Fetch(last.number + 1, self._now())
            Thread(target=self._run, args=(new,), daemon=True, name="jwks").start()
            self._last = new
            return new

    def _run(self, current: _Fetch) -> None:
        try:
            usable = jwks.parse(self._fetch(self._url, TIMEOUT, MAX_BYTES))
        except (OSError, HTTPException, ValueError) as error:
            # The known keys stay.
            self._report(error)
        else:
            # Of keys with one name, the first counts.
            current.keys = {key.kid: key for key in reversed(usable)}
            current.sole = usable[0] if len(usable) == 1 else None
            with self._lock:
                # What the issuer has withdrawn is unknown for certain.
                withdrawn = self._succeeded.keys.keys() - current.keys.keys()
                self._first_seen.update(dict.fromkeys(withdrawn, self._succeeded.number))
            self._succeeded = current
            self._report(len(usable))
        finally:
            current.done.set()
