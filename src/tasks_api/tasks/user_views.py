"""A user as a whole, over HTTP: the feed of changes, and erasure."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tasks_api.http.problems import Problem, responses
from tasks_api.tasks import feed, removal
from tasks_api.tasks.blueprint import USER, blueprint
from tasks_api.tasks.entity_tags import PreconditionSchema
from tasks_api.tasks.list_schemas import CHANGES_EXAMPLE, ChangePageSchema, ChangesQuerySchema
from tasks_api.tasks.preconditions import Precondition
from tasks_api.tasks.responses import READ_ERRORS, precondition_failed, without_body


@blueprint.route(f"{USER}/changes")
@blueprint.arguments(ChangesQuerySchema(), location="query")
@blueprint.response(200, ChangePageSchema(), description="Changes.", example=CHANGES_EXAMPLE)
@blueprint.doc(operationId="listChanges", responses=responses(410, *READ_ERRORS))
def get_changes(query: dict[str, Any], user_id: UUID) -> Any:
    """Read what has changed

    What has changed since `next` of your last answer, the oldest change first; without `since`, a
    copy of all tasks. Keep `next` and send it as `since`: no change is skipped. A `since` that is
    older than the last purge or erasure, or ahead of the user's counter, is a 410: start again from
    0. A plain `revision` works as `since` too, except in the middle of a copy.
    """
    try:
        page = feed.list_changes(user_id, query["since"], query["limit"])
    except feed.PositionGone:
        raise Problem(410, "The feed can't continue from there; start again from 0.") from None
    return {
        "revision": page.revision,
        "next": str(page.next),
        "has_more": page.has_more,
        "changes": page.changes,
    }


@blueprint.route(USER, methods=["DELETE"])
@blueprint.arguments(PreconditionSchema(), location="headers")
@blueprint.response(204, description="Erased.")
@blueprint.doc(operationId="eraseUser", responses=responses(400, 404, 412, 422, 500, 503))
def erase_user(headers: dict[str, Any], user_id: UUID) -> Any:
    """Erase a user for good

    All tasks are removed, those in the trash too. Only the id and its counter stay, so that no
    revision is ever used twice. The entity tags are those of the list.
    """
    try:
        removal.erase_user(user_id, Precondition(**headers))
    except removal.PreconditionFailed as error:
        raise precondition_failed("user", error.revision) from None
    return without_body(204)
