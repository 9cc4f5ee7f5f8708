"""The feed of changes, over HTTP: what requests and answers have, and the view."""

from typing import Any
from uuid import UUID

from flask import request
from marshmallow import ValidationError, fields
from marshmallow.validate import Range

from tasks_api.http import event_streams
from tasks_api.http.fields import Answer, Either, QueryInteger, Strict, says
from tasks_api.http.problems import responses
from tasks_api.tasks.blueprint import USER_PATH, blueprint
from tasks_api.tasks.changes.feed import POSITION, Position
from tasks_api.tasks.changes.live import stream_changes, wait_for_changes
from tasks_api.tasks.changes.waits import tell_waits
from tasks_api.tasks.replies import READ_ERRORS
from tasks_api.tasks.schemas import TASK_EXAMPLE, TOMBSTONE_EXAMPLE, TaskSchema, TombstoneSchema

CHANGES_MAX = 500
WAIT_MAX = 25

CHANGES_EXAMPLE = {
    "revision": 58,
    "next": "58",
    "has_more": False,
    "changes": [TASK_EXAMPLE, TOMBSTONE_EXAMPLE],
}

STREAM = {
    event_streams.MEDIA_TYPE: {
        "schema": {"type": "string"},
        "example": (
            b"retry: 2718\n\n"
            + event_streams.event("changes", CHANGES_EXAMPLE, CHANGES_EXAMPLE["next"])
            + event_streams.COMMENT
        ).decode(),
    }
}


class PositionField(fields.String):
    """A position in the feed."""

    def _deserialize(self, value: Any, *_: object, **__: object) -> Position:  # type: ignore[override]
        try:
            return Position.parse(value)
        except ValueError:
            raise ValidationError("Must be `next` of an earlier answer, or 0.") from None


class ChangesQuerySchema(Strict):
    """From where to read the feed."""

    since = PositionField(
        load_default=lambda: Position(0),
        metadata=says(
            "`next` of your last answer, as it is; 0, or nothing, begins a copy of all tasks.",
            pattern=f"^{POSITION}$",
            default="0",
            example="0",
        ),
    )
    limit = QueryInteger(
        load_default=CHANGES_MAX,
        validate=Range(1, CHANGES_MAX),
        metadata=says("How many changes to return, at most.", example=500),
    )
    wait = QueryInteger(
        load_default=0,
        validate=Range(0, WAIT_MAX),
        metadata=says(
            "If there is no change, for how many seconds to wait for one. At the end of them the "
            "answer is an empty page.",
            example=20,
        ),
    )


class LastEventSchema(Strict):
    """Where a stream broke off."""

    last_event_id = PositionField(
        data_key="Last-Event-ID",
        load_default=lambda: None,
        metadata=says(
            "The id of the last event that came: a stream continues there, and not at `since`. "
            "Browsers send it by themselves.",
            pattern=f"^{POSITION}$",
            example="0",
        ),
    )


class ChangePageSchema(Answer):
    """A page of the feed of changes."""

    revision = fields.Integer(
        metadata=says("That of the last change here; of the user's counter, if there is no more.")
    )
    next = fields.String(metadata=says("Keep it as it is: it is the next request's `since`."))
    has_more = fields.Boolean(metadata=says("Whether there is more already: ask again at once."))
    changes = fields.List(
        Either(TaskSchema(), TombstoneSchema()),
        metadata=says("Tasks and tombstones, oldest change first."),
    )


blueprint.after_request(tell_waits)


@blueprint.route(f"{USER_PATH}/changes")
@blueprint.arguments(ChangesQuerySchema(), location="query")
@blueprint.arguments(LastEventSchema(), location="headers")
@blueprint.response(200, ChangePageSchema(), description="Changes.", example=CHANGES_EXAMPLE)
@blueprint.doc(
    operationId="listChanges", responses={200: {"content": STREAM}, **responses(410) | READ_ERRORS}
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
    return page.as_json(), {"Vary": "Accept"} | ({"Cache-Control": "no-store"} if seconds else {})
