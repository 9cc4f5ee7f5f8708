"""The same API with FastAPI and SQLModel, as their documentation teaches: plain functions."""

import os
from collections.abc import Iterator, Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Depends, FastAPI, HTTPException, Query
from models import Task, TaskCreate, TaskPublic
from sqlmodel import Session, SQLModel, create_engine, select

engine = create_engine(os.environ["DATABASE_URL"], pool_size=10)


def get_session() -> Iterator[Session]:
    """Give each request a session."""
    with Session(engine) as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]

app = FastAPI()


@app.get("/api/{user_id}/tasks/{task_id}", response_model=TaskPublic)
def get_task(user_id: UUID, task_id: UUID, session: SessionDep) -> Task:
    """Get a task."""
    task = session.get(Task, task_id)
    if task is None or task.user_id != user_id:
        raise HTTPException(404, "There is no such task.")
    return task


@app.get("/api/{user_id}/tasks", response_model=list[TaskPublic])
def list_tasks(
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
    return session.exec(statement).all()


@app.post("/api/{user_id}/tasks", response_model=TaskPublic, status_code=201)
def create_task(user_id: UUID, task: TaskCreate, session: SessionDep) -> Task:
    """Create a task."""
    stored = Task.model_validate(task, update={"user_id": user_id})
    session.add(stored)
    session.commit()
    session.refresh(stored)
    return stored


if __name__ == "__main__":
    SQLModel.metadata.create_all(engine)
