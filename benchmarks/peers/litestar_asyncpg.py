"""The same API with Litestar, asyncpg and msgspec: coroutines, and no ORM."""

import itertools
import os
import re
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

import asyncpg
import statements
from litestar import Litestar, get, patch, post, put
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.params import Parameter
from msgspec import Meta, Struct

Title = Annotated[str, Meta(min_length=1, max_length=255)]
Description = Annotated[str, Meta(max_length=2000)]


class Task(Struct):
    """A task as it is answered."""

    user_id: UUID
    id: UUID
    title: str
    description: str | None
    completed: bool
    revision: int
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None
    due_at: datetime | None
    priority: str
    tags: list[str]
    due_on: date | None
    time_zone: str | None
    recurrence: str | None
    next_task_id: UUID | None
    position: str | None


class TaskBody(Struct):
    """What a client sets."""

    title: Title
    description: Description | None = None


def numbered(statement: str) -> str:
    """Write the parameters as asyncpg wants them: $1, $2 and so on."""
    numbers = itertools.count(1)
    return re.sub("%s", lambda _: f"${next(numbers)}", statement)


GET = numbered(statements.GET)
LIST = numbered(statements.LIST)
CREATE = numbered(statements.CREATE)
UPDATE = numbered(statements.UPDATE)
TOGGLE = numbered(statements.TOGGLE)


async def run(state: State, statement: str, *parameters: Any) -> list[Task]:
    """Run a statement; return its tasks."""
    rows = await state.pool.fetch(statement, *parameters)
    tasks = [Task(*row) for row in rows]
    for task in tasks:
        task.priority = statements.PRIORITIES[task.priority]
    return tasks


async def run_one(state: State, statement: str, *parameters: Any) -> Task:
    """Run a statement about one task; return it, or answer with a 404."""
    tasks = await run(state, statement, *parameters)
    if not tasks:
        raise NotFoundException("There is no such task.")
    return tasks[0]


@get("/api/{user_id:uuid}/tasks/{task_id:uuid}")
async def get_task(state: State, user_id: UUID, task_id: UUID) -> Task:
    """Get a task."""
    return await run_one(state, GET, user_id, task_id)


@get("/api/{user_id:uuid}/tasks")
async def list_tasks(
    state: State,
    user_id: UUID,
    offset: Annotated[int, Parameter(ge=0)] = 0,
    limit: Annotated[int, Parameter(ge=1, le=100)] = 50,
) -> list[Task]:
    """List tasks, newest first."""
    return await run(state, LIST, user_id, limit, offset)


@post("/api/{user_id:uuid}/tasks")
async def create_task(state: State, user_id: UUID, data: TaskBody) -> Task:
    """Create a task."""
    return await run_one(state, CREATE, user_id, uuid4(), data.title, data.description)


@put("/api/{user_id:uuid}/tasks/{task_id:uuid}")
async def update_task(state: State, user_id: UUID, task_id: UUID, data: TaskBody) -> Task:
    """Change a task."""
    given = (user_id, data.title, data.description, user_id, task_id)
    return await run_one(state, UPDATE, *given)


@patch("/api/{user_id:uuid}/tasks/{task_id:uuid}/complete")
async def toggle_task(state: State, user_id: UUID, task_id: UUID) -> Task:
    """Flip whether a task is done."""
    return await run_one(state, TOGGLE, user_id, user_id, task_id)


async def open_pool(app: Litestar) -> None:
    """Connect when the server starts."""
    app.state.pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=1, max_size=10)


async def close_pool(app: Litestar) -> None:
    """Disconnect when it ends."""
    await app.state.pool.close()


app = Litestar(
    [get_task, list_tasks, create_task, update_task, toggle_task],
    on_startup=[open_pool],
    on_shutdown=[close_pool],
    openapi_config=None,
)
