"""The two tables, named once: everything else takes columns and constraints from here."""

from __future__ import annotations

import sys
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    MetaData,
    Text,
    UniqueConstraint,
    false,
    func,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

if sys.version_info >= (3, 14):
    from uuid import uuid7
else:
    from uuid_utils.compat import uuid7

__all__ = ["DESCRIPTION_MAX", "TITLE_MAX", "Base", "Task", "User", "uuid7"]

TITLE_MAX = 255
DESCRIPTION_MAX = 2000


class Base(DeclarativeBase):
    """Constraints and indexes have names, so that migrations and errors can speak of them."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(referred_table_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map = {datetime: DateTime(timezone=True), str: Text, int: BigInteger}  # noqa: RUF012


class User(Base):
    """A user and their counter, which orders every change of theirs."""

    __tablename__ = "users"
    # Room on each page lets the counter be updated in place, without touching an index.
    __table_args__ = {"postgresql_with": {"fillfactor": 70}}  # noqa: RUF012

    id: Mapped[UUID] = mapped_column(primary_key=True)
    revision: Mapped[int]
    # The clock of the last write: it never goes back, and so neither does `Task.updated_at`.
    written_at: Mapped[datetime] = mapped_column(server_default=func.now())

    tasks: Mapped[list[Task]] = relationship(back_populates="user", passive_deletes=True)


class Task(Base):
    """One thing to do. The key leads with the user: the user is the shard."""

    __tablename__ = "tasks"

    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    title: Mapped[str]
    description: Mapped[str | None]
    completed: Mapped[bool] = mapped_column(server_default=false())
    revision: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    user: Mapped[User] = relationship(back_populates="tasks")

    __table_args__ = (
        CheckConstraint(f"char_length(title) BETWEEN 1 AND {TITLE_MAX}", "title_length"),
        CheckConstraint(f"char_length(description) <= {DESCRIPTION_MAX}", "description_length"),
        UniqueConstraint("user_id", "revision"),
        Index("ix_tasks_newest_first", "user_id", text("created_at DESC"), text("id DESC")),
    )
