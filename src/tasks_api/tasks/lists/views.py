"""Many tasks of a user, over HTTP: lists and batches."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from tasks_api.http.entity_tags import matches
from tasks_api.http.service import current_request
from tasks_api.tasks import replies
from tasks_api.tasks.blueprint import TASKS_PATH, blueprint
from tasks_api.tasks.item import creation
from tasks_api.tasks.item.idempotency import IdempotencyKeySchema
from tasks_api.tasks.lists.cursors import bad_parameter
from tasks_api.tasks.lists.cursors import read as read_cursor
from tasks_api.tasks.lists.cursors import write as write_cursor
from tasks_api.tasks.lists.orders import orders
from tasks_api.tasks.lists.schemas import PAGE_EXAMPLE, TaskPageSchema, TaskQuerySchema
from tasks_api.tasks.lists.statements import TaskPage, list_tasks
from tasks_api.tasks.preconditions import IfNoneMatchSchema, entity_tag
from tasks_api.tasks.schemas import (
    BATCH_MAX,
    NEW_TASK_EXAMPLE,
    TASK_EXAMPLE,
    NewTaskSchema,
    TaskSchema,
)

LINK = {
    "Link": {
        "description": "RFC 8288: `first`, `next` where there is more, `prev` where offsets are "
        "used. `next` goes on by a cursor, unless the request used `offset`.",
        "schema": {"type": "string"},
        "example": '</api/6f1d6a3e-52a4-4a8e-9a57-0d2c8f0b7e11/tasks?limit=50>; rel="first"',
    },
    "X-Total-Count": {
        "description": "How many tasks the filters match, where `count=true` asked for it.",
        "schema": {"type": "integer"},
    },
}
BATCH = {
    "type": "array",
    "items": {"$ref": "#/components/schemas/NewTask"},
    "minItems": 1,
    "maxItems": BATCH_MAX,
}
TASKS_SCHEMA = TaskSchema(many=True)
EXISTING = replies.existing(
    "All of the tasks exist already; they are here as they are now.",
    schema={"type": "array", "items": {"$ref": "#/components/schemas/Task"}},
    example=[TASK_EXAMPLE],
    headers={},
)
# With all other headers of an answer, what proxies have room for: nginx takes 4 or 8 KiB.
LINK_MAX = 4096


@blueprint.route(TASKS_PATH)
@blueprint.arguments(IfNoneMatchSchema(), location="headers")
@blueprint.arguments(TaskQuerySchema(), location="query")
@blueprint.response(
    200,
    TASKS_SCHEMA,
    description="A page of tasks.",
    headers=replies.ETAG | LINK,
    example=[TASK_EXAMPLE],
)
@blueprint.doc(operationId="listTasks", responses=replies.READ_ERRORS | replies.NOT_MODIFIED)
def get_tasks(headers: dict[str, Any], query: dict[str, Any], user_id: UUID) -> Any:
    """List tasks, newest first

    A user who has never written has an empty list. To read all tasks, follow `next` in
    `Link`: a task that exists all the while is listed exactly once. If you can't see headers, use
    `GET …/tasks/page`.
    """
    page = _read_page(user_id, query, headers["known"])
    about = {"ETag": entity_tag(page.revision)}
    if matches(page.revision, headers["known"]):
        return replies.without_body(304, **about)
    about["Link"] = _link(query, write_cursor(page.next) if page.next else None)
    if page.total is not None:
        about["X-Total-Count"] = str(page.total)
    return page.tasks, about


@blueprint.route(f"{TASKS_PATH}/page")
@blueprint.arguments(IfNoneMatchSchema(), location="headers")
@blueprint.arguments(TaskQuerySchema(), location="query")
@blueprint.response(
    200,
    TaskPageSchema(),
    description="A page of tasks.",
    headers=replies.ETAG,
    example=PAGE_EXAMPLE,
)
@blueprint.doc(operationId="listTaskPage", responses=replies.READ_ERRORS | replies.NOT_MODIFIED)
def get_task_page(headers: dict[str, Any], query: dict[str, Any], user_id: UUID) -> Any:
    """List tasks, for clients that can't see headers

    The same list, newest first, with `next`, the total and the revision in the body. To read all
    tasks, send `next` as `cursor` until it is null.
    """
    page = _read_page(user_id, query, headers["known"])
    tag = entity_tag(page.revision)
    if matches(page.revision, headers["known"]):
        return replies.without_body(304, ETag=tag)
    return {
        "tasks": page.tasks,
        "next": write_cursor(page.next) if page.next else None,
        "total": page.total,
        "revision": page.revision,
    }, {"ETag": tag}


def _read_page(user_id: UUID, query: dict[str, Any], known: Sequence[int] | None) -> TaskPage:
    cursor = query.get("cursor")
    if cursor and query.get("offset"):
        raise bad_parameter("cursor", "Must not be used together with an offset above 0.")
    after = read_cursor(orders(query["sort"]), cursor) if cursor else None
    return list_tasks(user_id, query, known, after)


def _link(query: dict[str, Any], next_cursor: str | None) -> str:
    """Write the Link header (RFC 8288); if it would be too long, `next` alone, or else `prev`."""
    request = current_request()
    filters = {
        name: value for name, value in request.args.items() if name not in {"cursor", "offset"}
    }
    places: dict[str, dict[str, Any]] = {"first": {}}
    offset, limit = query.get("offset"), query["limit"]
    if next_cursor:
        places["next"] = {"offset": offset + limit} if offset else {"cursor": next_cursor}
    if offset:
        places["prev"] = {"offset": max(0, offset - limit)}
    links = {}
    for relation, place in places.items():
        parameters = urlencode(filters | place)
        path = request.script_root + request.path
        target = f"{path}?{parameters}" if parameters else path
        links[relation] = f'<{target}>; rel="{relation}"'
    header = ", ".join(links.values())
    if len(header) <= LINK_MAX or len(links) == 1:
        return header
    return links.get("next") or links["prev"]


@blueprint.route(f"{TASKS_PATH}/batch", methods=["POST"])
@blueprint.arguments(IdempotencyKeySchema("c41d8a02-groceries"), location="headers")
@blueprint.arguments(NewTaskSchema(many=True), example=[NEW_TASK_EXAMPLE])
@blueprint.response(
    201,
    TASKS_SCHEMA,
    description="The tasks, in the order given: as they were made, or as they are.",
    headers=replies.REPLAYED,
    example=[TASK_EXAMPLE],
)
@blueprint.doc(
    operationId="createTasks",
    responses=replies.WRITE_ERRORS | EXISTING | replies.GONE,
    requestBody={"content": {"application/json": {"schema": BATCH}}},
)
def create_tasks(idempotency: dict[str, Any], tasks: list[dict[str, Any]], user_id: UUID) -> Any:
    """Create many tasks, all or none

    Each has a revision of its own, in the order given. Those with an `id` that you have already
    stay as they are. With an `Idempotency-Key`, a repeat returns the tasks that the first request
    created.
    """
    made = creation.create_tasks(user_id, tasks, idempotency["key"])
    return made.tasks, made.status, made.headers
