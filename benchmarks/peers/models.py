"""The models that both FastAPI peers share, laid out as SQLModel's documentation teaches."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy import DateTime, Index, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel


def now() -> datetime:
    """Give the time, in UTC."""
    return datetime.now(UTC)


class TaskBase(SQLModel):
    """What a client sets."""

    title: str = Field(min_length=1, max_length=255)
    description: str | None = Field(default=None, max_length=2000)
    completed: bool = False
    due_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    priority: str = Field(default="none", max_length=6)
    tags: list[str] = Field(default_factory=list, sa_type=ARRAY(String))


class Task(TaskBase, table=True):
    """A task as it is stored."""

    __tablename__ = "tasks"
    __table_args__ = (Index("ix_tasks_user_id_created_at", "user_id", "created_at"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: UUID
    revision: int = 1
    completed_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    created_at: datetime = Field(default_factory=now, sa_type=DateTime(timezone=True))
    updated_at: datetime = Field(default_factory=now, sa_type=DateTime(timezone=True))


class TaskCreate(TaskBase):
    """A task to be made."""


class TaskPublic(TaskBase):
    """A task as it is answered."""

    id: UUID
    user_id: UUID
    revision: int
    completed_at: datetime | None
    created_at: datetime
    updated_at: datetime
