"""The feed of changes, over HTTP."""

from typing import Any
from uuid import UUID

from tasks_api.http.problems import responses
from tasks_api.tasks.blueprint import USER_PATH, blueprint
from tasks_api.tasks.changes.feed import list_changes
from tasks_api.tasks.changes.schemas import CHANGES_EXAMPLE, ChangePageSchema, ChangesQuerySchema
from tasks_api.tasks.responses import READ_ERRORS


@blueprint.route(f"{USER_PATH}/changes")
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
    page = list_changes(user_id, query["since"], query["limit"])
    return {
        "revision": page.revision,
        "next": str(page.next),
        "has_more": page.has_more,
        "changes": page.changes,
    }
