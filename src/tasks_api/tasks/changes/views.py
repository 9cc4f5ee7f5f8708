"""The feed of changes, over HTTP."""

from typing import Any
from uuid import UUID

from flask import request

from tasks_api.http import event_streams
from tasks_api.http.problems import responses
from tasks_api.tasks.blueprint import USER_PATH, blueprint
from tasks_api.tasks.changes.live import stream_changes, wait_for_changes
from tasks_api.tasks.changes.schemas import (
    CHANGES_EXAMPLE,
    STREAM,
    ChangePageSchema,
    ChangesQuerySchema,
    LastEventSchema,
)
from tasks_api.tasks.changes.waits import tell_waits
from tasks_api.tasks.replies import READ_ERRORS

NO_STORE = {"Cache-Control": "no-store"}

blueprint.after_request(tell_waits)


@blueprint.route(f"{USER_PATH}/changes")
@blueprint.arguments(ChangesQuerySchema(), location="query")
@blueprint.arguments(LastEventSchema(), location="headers")
@blueprint.response(200, ChangePageSchema(), description="Changes.", example=CHANGES_EXAMPLE)
@blueprint.doc(
    operationId="listChanges",
    responses={200: {"content": STREAM}, **responses(410) | READ_ERRORS},
)
def get_changes(query: dict[str, Any], headers: dict[str, Any], user_id: UUID) -> Any:
    """Read what has changed

    What has changed since `next` of your last answer, the oldest change first; without `since`, a
    copy of all tasks. Keep `next` and send it as `since`: no change is skipped. A `since` that is
    older than the last purge or erasure, or ahead of the user's counter, is a 410: start again from
    0. A plain `revision` works as `since` too, except in the middle of a copy.

    With `wait`, the answer waits for a change. With `Accept: text/event-stream` it is a stream of
    server-sent events: each event `changes` is a page, as soon as there is one, and its id is
    `next`. A comment comes at least every 15 seconds. The event `gone` stands for the 410, and
    `expired` says that the token has ended; each is the last. In each process of the service, at
    most 16 requests of a user wait at a time (429).
    """
    since, limit, seconds = query["since"], query["limit"], query["wait"]
    if event_streams.is_wanted(request):
        return stream_changes(user_id, headers["last_event_id"] or since, limit)
    page = wait_for_changes(user_id, since, limit, seconds)
    return page.as_json(), {"Vary": "Accept"} | (NO_STORE if seconds else {})
