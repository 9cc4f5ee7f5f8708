"""The same API with FastAPI and SQLModel, as their documentation teaches: plain functions."""

import os
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import Depends, FastAPI, HTTPException, Query
from sqlalchemy import DateTime, Index, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, Session, SQLModel, create_engine, select

# SQLAlchemy 2.1 takes a bare postgresql:// to mean another driver.
url = os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg2://")
engine = create_engine(url, pool_size=10)


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


def default(text: str) -> dict[str, Any]:
    """Return the keywords of a column whose default the database knows, too."""
    return {"sa_column_kwargs": {"server_default": text}}


class TaskBase(SQLModel):
    """What a client sets."""

    title: str = Field(min_length=1, max_length=255)
    description: str | None = Field(default=None, max_length=2000)
    completed: bool = Field(default=False, **default("false"))
    due_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    due_on: date | None = None
    time_zone: str | None = Field(default=None, max_length=50)
    recurrence: str | None = Field(default=None, max_length=200)
    position: str | None = Field(default=None, max_length=100)
    priority: str = Field(default="none", max_length=6, **default("none"))
    tags: list[str] = Field(default_factory=list, sa_type=ARRAY(String), **default("{}"))


class Task(TaskBase, table=True):
    """A task as it is stored."""

    __tablename__ = "tasks"
    __table_args__ = (Index("ix_tasks_user_id_created_at", "user_id", "created_at"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: UUID
    revision: int = 1
    next_task_id: UUID | None = None
    completed_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    created_at: datetime = Field(default_factory=now, sa_type=DateTime(timezone=True))
    updated_at: datetime = Field(default_factory=now, sa_type=DateTime(timezone=True))


class TaskCreate(TaskBase):
    """A task to be made."""


class TaskUpdate(SQLModel):
    """What is to be changed; what is absent stays."""

    title: str | None = Field(default=None, min_length=1, max_length=255)
    description: str | None = Field(default=None, max_length=2000)
    completed: bool | None = None
    due_at: datetime | None = None
    due_on: date | None = None
    time_zone: str | None = Field(default=None, max_length=50)
    recurrence: str | None = Field(default=None, max_length=200)
    position: str | None = Field(default=None, max_length=100)
    priority: str | None = Field(default=None, max_length=6)
    tags: list[str] | None = None


class TaskPublic(TaskBase):
    """A task as it is answered."""

    id: UUID
    user_id: UUID
    revision: int
    next_task_id: UUID | None
    completed_at: datetime | None
    created_at: datetime
    updated_at: datetime


def get_session() -> Iterator[Session]:
    """Yield a session for a request."""
    with Session(engine) as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]

app = FastAPI()


@app.get("/api/{user_id}/tasks/{task_id}", response_model=TaskPublic)
def get_task(user_id: UUID, task_id: UUID, session: SessionDep) -> Task:
    """Get a task."""
    return find(session, user_id, task_id)


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
    return save(session, Task.model_validate(task, update={"user_id": user_id}))


@app.put("/api/{user_id}/tasks/{task_id}", response_model=TaskPublic)
def update_task(user_id: UUID, task_id: UUID, changes: TaskUpdate, session: SessionDep) -> Task:
    """Change a task."""
    task = find(session, user_id, task_id)
    return change(session, task, changes.model_dump(exclude_unset=True))


@app.patch("/api/{user_id}/tasks/{task_id}/complete", response_model=TaskPublic)
def toggle_task(user_id: UUID, task_id: UUID, session: SessionDep) -> Task:
    """Flip whether a task is done."""
    task = find(session, user_id, task_id)
    return change(session, task, {"completed": not task.completed})


def find(session: Session, user_id: UUID, task_id: UUID) -> Task:
    """Return a task of a user, or answer with a 404."""
    task = session.get(Task, task_id)
    if task is None or task.user_id != user_id:
        raise HTTPException(404, "There is no such task.")
    return task


def change(session: Session, task: Task, values: dict[str, Any]) -> Task:
    """Set what was given, and what follows from it."""
    task.sqlmodel_update(values)
    if "completed" in values:
        task.completed_at = now() if task.completed else None
    task.revision += 1
    task.updated_at = now()
    return save(session, task)


def save(session: Session, task: Task) -> Task:
    """Write a task, and read back what was written."""
    session.add(task)
    session.commit()
    session.refresh(task)
    return task


if __name__ == "__main__":
    SQLModel.metadata.create_all(engine)
