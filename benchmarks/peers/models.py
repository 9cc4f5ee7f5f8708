"""The models that both FastAPI peers share, laid out as SQLModel's documentation teaches."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy import DateTime, Index
from sqlmodel import Field, SQLModel


def now() -> datetime:
    """Give the time, in UTC."""
    return datetime.now(UTC)


class TaskBase(SQLModel):
    """What a client sets."""

    title: str = Field(min_length=1, max_length=255)
    description: str | None = Field(default=None, max_length=2000)
    completed: bool = False


class Task(TaskBase, table=True):
    """A task as it is stored."""

    __tablename__ = "tasks"
    __table_args__ = (Index("ix_tasks_user_id_created_at", "user_id", "created_at"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: UUID
    revision: int = 1
    created_at: datetime = Field(default_factory=now, sa_type=DateTime(timezone=True))
    updated_at: datetime = Field(default_factory=now, sa_type=DateTime(timezone=True))


class TaskCreate(TaskBase):
    """A task to be made."""


class TaskPublic(TaskBase):
    """A task as it is answered."""

    id: UUID
    user_id: UUID
    revision: int
    created_at: datetime
    updated_at: datetime
