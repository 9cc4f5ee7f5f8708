"""The service, as a bulk client uses it: push what is new, read the feed."""

import json
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

PUSH_MAX = 100
# A push can be repeated without harm, so everything is tried again that may pass by waiting. The
# server says how long (Retry-After, RFC 9110, section 10.2.3); where it doesn't, up to 30 seconds.
RETRY = Retry(
    total=20,
    connect=4,
    read=4,
    status_forcelist={429, 502, 503, 504},
    allowed_methods=None,
    backoff_factor=0.5,
    backoff_max=30,
    raise_on_status=False,
)
Change = dict[str, Any]
Result = dict[str, Any]


class ServiceError(Exception):
    """The service can't be reached, or answers something that isn't about one task."""


class TooLargeError(ServiceError):
    """The body is larger than this server allows."""


class Service:
    """One user's tasks on a server.

    Args:
        url: of the user, http://127.0.0.1:8000/api/USER_ID.
        token: a bearer token, where the server asks for one.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        self.changes_url = f"{url.rstrip('/')}/changes"
        self.session = requests.Session()
        for scheme in ("http://", "https://"):
            self.session.mount(scheme, HTTPAdapter(max_retries=RETRY))
        if token:
            # As `auth`: what is in ~/.netrc would take the place of a header.
            self.session.auth = lambda request: _with_token(request, token)

    def call(self, method: str, body: Any = None, **query: str) -> tuple[int, dict[str, Any]]:
        """Send a request; return the status, 200 or 410, and the answer.

        Raises:
            ServiceError: with what to tell the user.
        """
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        try:
            answer = self.session.request(
                method,
                self.changes_url,
                params=query,
                data=data,
                headers={"Content-Type": "application/json"} if data else {},
                timeout=(10, 60),
                # It would turn a POST into a GET.
                allow_redirects=False,
            )
            content = answer.json()
        except requests.JSONDecodeError:
            raise ServiceError(f"{self.changes_url} is not the service") from None
        except requests.RequestException as error:
            raise ServiceError(f"can't reach the service: {error}") from None
        if answer.status_code == 413:
            raise TooLargeError(content["detail"])
        if not isinstance(content, dict) or answer.status_code not in {200, 410}:
            detail = content.get("detail") if isinstance(content, dict) else ""
            raise ServiceError(f"the service answers {answer.status_code}: {detail}")
        return answer.status_code, content

    def push(self, changes: Sequence[Change]) -> Iterator[tuple[Change, Result]]:
        """Push changes, 100 at a time; yield each with its result.

        A repeat does no harm, so after an interruption all is pushed again: the service answers
        200 for what it has.
        """
        for start in range(0, len(changes), PUSH_MAX):
            yield from self._push(changes[start : start + PUSH_MAX])

    def _push(self, changes: Sequence[Change]) -> Iterator[tuple[Change, Result]]:
        waiting = list(changes)
        while waiting:
            try:
                _, answer = self.call("POST", {"changes": waiting})
            except TooLargeError:
                if len(waiting) == 1:
                    raise
                half = len(waiting) // 2
                yield from self._push(waiting[:half])
                waiting = waiting[half:]
                continue
            results, sent, waiting = answer["results"], waiting, []
            for change, result in zip(sent, results, strict=True):
                if result["status"] == 503:  # It was not its turn in time.
                    waiting.append(change)
                else:
                    yield change, result

    def tasks(self) -> list[dict[str, Any]]:
        """Return all tasks, the oldest first: a copy by the feed, which skips nothing."""
        tasks: dict[str, dict[str, Any]] = {}
        since, more = "0", True
        while more:
            status, page = self.call("GET", since=since)
            if status == 410:  # The feed doesn't go back that far any more: start again.
                since, tasks = "0", {}
                continue
            for change in page["changes"]:
                if change.get("deleted"):
                    tasks.pop(change["id"], None)
                else:
                    tasks[change["id"]] = change
            since, more = page["next"], page["has_more"]
        return sorted(tasks.values(), key=lambda task: (task["created_at"], UUID(task["id"])))


def _with_token(request: requests.PreparedRequest, token: str) -> requests.PreparedRequest:
    request.headers["Authorization"] = f"Bearer {token}"
    return request
