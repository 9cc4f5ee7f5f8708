"""Due dates, priorities, tags, the trash.

Safe while the service runs: columns come with constant defaults, which rewrite nothing; constraints
are checked against old rows without a lock that blocks writers; indexes are built concurrently. The
version before this migration goes on working after it.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from tasks_api.database.migrations import concurrently

revision = "0003"
down_revision = "0002"

CHECKS = {
    "ck_tasks_priority_rank": "priority BETWEEN 0 AND 3",
    "ck_tasks_tags_number": "cardinality(tags) <= 20",
}
NEWEST_FIRST = ["user_id", "created_at DESC", "id DESC"]
INDEXES = {"ix_tasks_live": "deleted_at IS NULL", "ix_tasks_trash": "deleted_at IS NOT NULL"}
COLUMNS = ["completed_at", "due_at", "priority", "tags", "deleted_at"]


def upgrade() -> None:
    # Every step can be run again if an earlier run broke off. Tasks that are completed already get
    # no time of completion: nobody knows it.
    zero, empty = sa.text("0"), sa.text("'{}'")
    columns: list[tuple[str, sa.Column[Any]]] = [
        (
            "users",
            sa.Column("purged_revision", sa.BigInteger(), server_default=zero, nullable=False),
        ),
        ("tasks", sa.Column("completed_at", sa.DateTime(timezone=True))),
        ("tasks", sa.Column("due_at", sa.DateTime(timezone=True))),
        ("tasks", sa.Column("priority", sa.SmallInteger(), server_default=zero, nullable=False)),
        ("tasks", sa.Column("tags", ARRAY(sa.Text()), server_default=empty, nullable=False)),
        ("tasks", sa.Column("deleted_at", sa.DateTime(timezone=True))),
    ]
    for table, column in columns:
        op.add_column(table, column, if_not_exists=True)
    for name, condition in CHECKS.items():
        op.execute(f"ALTER TABLE tasks DROP CONSTRAINT IF EXISTS {name}")
        op.execute(f"ALTER TABLE tasks ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID")
    for name in CHECKS:
        concurrently.validate_constraint(name, "tasks")
    for name, condition in INDEXES.items():
        concurrently.create_index(name, "tasks", NEWEST_FIRST, where=condition)
    concurrently.drop_index("ix_tasks_newest_first", "tasks")


def downgrade() -> None:
    # Tasks in the trash would be in the lists again.
    op.execute("DELETE FROM tasks WHERE deleted_at IS NOT NULL")
    concurrently.create_index("ix_tasks_newest_first", "tasks", NEWEST_FIRST)
    for name in INDEXES:
        concurrently.drop_index(name, "tasks")
    for name in CHECKS:
        op.drop_constraint(name, "tasks")
    op.drop_column("users", "purged_revision")
    for column in COLUMNS:
        op.drop_column("tasks", column)
