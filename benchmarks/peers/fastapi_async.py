"""The same API with FastAPI, SQLModel's AsyncSession and asyncpg: coroutines all the way."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Depends, FastAPI, HTTPException, Query
from models import Task, TaskCreate, TaskPublic
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlmodel import SQLModel, select
from sqlmodel.ext.asyncio.session import AsyncSession

engine = create_async_engine(os.environ["DATABASE_URL"], pool_size=10)
new_session = async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)


async def get_session() -> AsyncIterator[AsyncSession]:
    """Give each request a session."""
    async with new_session() as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(get_session)]

app = FastAPI()


@app.get("/api/{user_id}/tasks/{task_id}", response_model=TaskPublic)
async def get_task(user_id: UUID, task_id: UUID, session: SessionDep) -> Task:
    """Get a task."""
    task = await session.get(Task, task_id)
    if task is None or task.user_id != user_id:
        raise HTTPException(404, "There is no such task.")
    return task


@app.get("/api/{user_id}/tasks", response_model=list[TaskPublic])
async def list_tasks(
    user_id: UUID,
    session: SessionDep,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> Sequence[Task]:
    """List tasks, newest first."""
    statement = (
        select(Task)
        .where(Task.user_id == user_id)
        .order_by(Task.created_at.desc())
        .offset(offset)
        .limit(limit)
    )
    return (await session.exec(statement)).all()


@app.post("/api/{user_id}/tasks", response_model=TaskPublic, status_code=201)
async def create_task(user_id: UUID, task: TaskCreate, session: SessionDep) -> Task:
    """Create a task."""
    stored = Task.model_validate(task, update={"user_id": user_id})
    session.add(stored)
    await session.commit()
    await session.refresh(stored)
    return stored


async def create_tables() -> None:
    """Create the tables."""
    async with engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)


if __name__ == "__main__":
    asyncio.run(create_tables())
