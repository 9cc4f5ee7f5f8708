"""The feed, told as it grows: an answer that waits for a change, or a stream of events."""

import time
from collections.abc import Callable, Iterator
from threading import Semaphore
from uuid import UUID

from flask import Response, request

from tasks_api.database.failures import DatabaseUnavailable
from tasks_api.http import event_streams
from tasks_api.http.log import hold, request_id
from tasks_api.http.problems import Problem, describe
from tasks_api.identity import guard
from tasks_api.tasks.changes.feed import FeedPage, Position, list_changes
from tasks_api.tasks.changes.waits import Wait, current_waits

# Seconds between two comments. To write one is the only way to find out that a client has gone, and
# only the second write fails: so this is noticed in twice the time.
COMMENT_SECONDS = 7
# Seconds from one read of a request to its next one, however often its user writes.
PACE = 0.1
# How many requests that were woken read at the same time: others need connections, too.
readers = Semaphore(2)


def wait_for_changes(user_id: UUID, since: Position, limit: int, seconds: int) -> FeedPage:
    """Return the first page with changes; the empty one if there is none in time.

    Raises:
        Problem: 410, as `list_changes`; 429 or 503, too many wait already.
    """
    page = list_changes(user_id, since, limit)
    if page.changes or not seconds or request.method == "HEAD":
        return page
    wait = current_waits().add(user_id, page.revision)
    if not wait.has_place:
        return page
    hold()
    try:
        return _next_page(wait, since, limit, seconds) or page
    finally:
        wait.waits.remove(wait)


def stream_changes(user_id: UUID, since: Position, limit: int) -> Response:
    """Return an answer that sends each page as an event, when there is one.

    Raises:
        Problem: 429 or 503, too many wait already.
    """
    try:
        page = list_changes(user_id, since, limit)
    except Problem as gone:
        # A browser doesn't let a page see the status of a stream.
        return event_streams.response(iter([_gone(gone, request_id())]))
    if request.method == "HEAD":
        return event_streams.response(iter(()))
    wait = current_waits().add(user_id, page.revision)
    answer = event_streams.response(
        _events(page, wait, limit, seconds_left=guard.seconds_left(), request_id=request_id())
    )
    hold()
    # Also where nothing of it was ever sent.
    answer.call_on_close(lambda: wait.waits.remove(wait))
    return answer


def _events(
    page: FeedPage | None,
    wait: Wait,
    limit: int,
    *,
    seconds_left: Callable[[], float],
    request_id: str | None,
) -> Iterator[bytes]:
    """Yield this page and those that follow it, until the stream has to end."""
    while True:
        has_more = page is not None and page.has_more
        if page:
            since = page.next
            if page.changes:
                yield event_streams.event("changes", page.as_json(), since)
            # It can be large, and the wait for the next one long.
            page = None
        else:
            yield event_streams.COMMENT
        if wait.waits.ended or not (has_more or wait.has_place):
            return
        left = seconds_left()
        if left <= 0:
            problem = describe(401, "The bearer token has expired.", request_id)
            yield event_streams.event("expired", problem)
            return
        if has_more:
            wait.woken.set()
        try:
            page = _next_page(wait, since, limit, min(left, COMMENT_SECONDS))
        except Problem as gone:
            yield _gone(gone, request_id)
            return


def _next_page(wait: Wait, since: Position, limit: int, seconds: float) -> FeedPage | None:
    """Wait for a page with changes; return None if the time is up, or nobody waits any more.

    While the database can't be used, it waits on.

    Raises:
        Problem: 410, as `list_changes`.
    """
    deadline = time.monotonic() + seconds
    time.sleep(PACE)
    while wait.sleep(max(0.0, deadline - time.monotonic())):
        try:
            with readers, wait.waits.app.app_context():
                page = list_changes(wait.user_id, since, limit)
        except DatabaseUnavailable:
            # It still knows the old counter, so the next question for all of them wakes it again.
            continue
        wait.known = page.revision
        if page.changes:
            return page
        time.sleep(PACE)
    return None


def _gone(problem: Problem, request_id: str | None) -> bytes:
    """Write the event for a 410; a client that connects again begins a copy."""
    described = describe(410, problem.description or "", request_id, problem.type)
    return event_streams.event("gone", described, Position(0))
