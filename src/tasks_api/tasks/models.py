"""The tables: everything else takes columns and constraints from here."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

TITLE_MAX = 255
DESCRIPTION_MAX = 2000
TAGS_MAX = 20
TAG_MAX = 50
POSITION_MAX = 100
RECURRENCE_MAX = 200
# From the lowest to the highest: the database keeps and sorts by their rank.
PRIORITIES = ("none", "low", "medium", "high")
# What a list can be sorted by.
SORTS = ("created_at", "updated_at", "due_at", "priority", "title", "position")
NEWEST_FIRST = "-created_at"
# What the indexes are sorted by, and which tasks they have.
BY_CREATION = (text("created_at DESC"), text("id DESC"))
ONLY_LIVE, ONLY_TRASH = text("deleted_at IS NULL"), text("deleted_at IS NOT NULL")
ONLY_UNFOLDED = text("folded_revision IS DISTINCT FROM revision")


class Base(DeclarativeBase):
    """Constraints and indexes have names, so that migrations and errors can refer to them."""

    metadata = sa.MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(referred_table_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map = {datetime: sa.DateTime(timezone=True), str: sa.Text, int: sa.BigInteger}  # noqa: RUF012


class User(Base):
    """A user and their counter, which orders all their changes."""

    __tablename__ = "users"
    # Free space on each page: the counter can be updated without a write to an index.
    __table_args__ = {"postgresql_with": {"fillfactor": 70}}  # noqa: RUF012

    id: Mapped[UUID] = mapped_column(primary_key=True)
    revision: Mapped[int]
    # The time of the last write. It never goes back, and so neither does `Task.updated_at`.
    written_at: Mapped[datetime] = mapped_column(server_default=func.now())
    # The newest change that is gone for good: a client that hasn't seen it must start again.
    purged_revision: Mapped[int] = mapped_column(server_default=text("0"))

    tasks: Mapped[list["Task"]] = relationship(back_populates="user", passive_deletes=True)


class Task(Base):
    """One thing to do. The key leads with the user: the user is the shard."""

    __tablename__ = "tasks"

    user_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    title: Mapped[str]
    description: Mapped[str | None]
    completed: Mapped[bool] = mapped_column(server_default=sa.false())
    revision: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    completed_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    # A day without a zone: it is never turned into a moment, except to compare the two.
    due_on: Mapped[date | None]
    priority: Mapped[int] = mapped_column(sa.SmallInteger, server_default=text("0"))
    tags: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), server_default=text("'{}'"))
    position: Mapped[str | None]
    # By the clock of which it recurs; UTC if null.
    time_zone: Mapped[str | None]
    recurrence: Mapped[str | None]
    # The task that it left when it was completed, if it recurs.
    next_task_id: Mapped[UUID | None]
    # When it was moved to the trash; the row is its own tombstone.
    deleted_at: Mapped[datetime | None]
    # What searches and orders compare: bytes, because the order of texts depends on the database's
    # locale. They are right if `folded_revision` is the task's revision. Otherwise an earlier
    # release, which doesn't know them, has written the task.
    title_folded: Mapped[bytes | None]
    description_folded: Mapped[bytes | None]
    folded_revision: Mapped[int | None]

    user: Mapped[User] = relationship(back_populates="tasks")

    __table_args__ = (
        sa.CheckConstraint(f"char_length(title) BETWEEN 1 AND {TITLE_MAX}", "title_length"),
        sa.CheckConstraint(f"char_length(description) <= {DESCRIPTION_MAX}", "description_length"),
        sa.CheckConstraint(f"priority BETWEEN 0 AND {len(PRIORITIES) - 1}", "priority_rank"),
        sa.CheckConstraint(f"cardinality(tags) <= {TAGS_MAX}", "tags_number"),
        sa.CheckConstraint("due_at IS NULL OR due_on IS NULL", "one_due"),
        sa.CheckConstraint(f"char_length(position) <= {POSITION_MAX}", "position_length"),
        sa.CheckConstraint(
            "recurrence IS NULL OR due_at IS NOT NULL OR due_on IS NOT NULL", "recurrence_due"
        ),
        # Serves the feed of changes; no two tasks of a user have the same revision.
        sa.UniqueConstraint("user_id", "revision"),
        sa.Index("ix_tasks_live", "user_id", *BY_CREATION, postgresql_where=ONLY_LIVE),
        sa.Index("ix_tasks_trash", "user_id", *BY_CREATION, postgresql_where=ONLY_TRASH),
        # Serves the order by position, and costs only those who have positions.
        sa.Index(
            "ix_tasks_position",
            "user_id",
            text('position COLLATE "C"'),
            "id",
            postgresql_where=text("deleted_at IS NULL AND position IS NOT NULL"),
        ),
        # Serves the purge, which asks for what is old, of all users.
        sa.Index("ix_tasks_deleted_at", "deleted_at", "user_id", postgresql_where=ONLY_TRASH),
        # Has only the tasks that an earlier release has written.
        sa.Index("ix_tasks_unfolded", "user_id", "id", postgresql_where=ONLY_UNFOLDED),
    )


class IdempotencyKey(Base):
    """A key that a client has used, a hash of the request, and the tasks that it made."""

    __tablename__ = "idempotency_keys"

    # No foreign key: its row is written before the user's, and Citus would check that at once.
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    task_ids: Mapped[list[UUID]] = mapped_column(ARRAY(sa.Uuid))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (sa.Index("ix_idempotency_keys_created_at", "created_at"),)


users = Base.metadata.tables["users"]
tasks = Base.metadata.tables["tasks"]
idempotency_keys = Base.metadata.tables["idempotency_keys"]
