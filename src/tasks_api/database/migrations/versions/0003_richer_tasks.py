"""Due dates, priorities, tags, the trash.

Safe while the service runs; the version before this migration goes on working after it. Tasks that
are completed already get no time of completion: nobody knows it.
"""

from alembic import op

from tasks_api.database.migrations import concurrently

revision = "0003"
down_revision = "0002"

USER_COLUMNS = {"purged_revision": "bigint NOT NULL DEFAULT 0"}
COLUMNS = {
    "completed_at": "timestamptz",
    "due_at": "timestamptz",
    "priority": "smallint NOT NULL DEFAULT 0",
    "tags": "text[] NOT NULL DEFAULT '{}'",
    "deleted_at": "timestamptz",
}
CHECKS = {
    "ck_tasks_priority_rank": "priority BETWEEN 0 AND 3",
    "ck_tasks_tags_number": "cardinality(tags) <= 20",
}
NEWEST_FIRST = ["user_id", "created_at DESC", "id DESC"]
INDEXES = {"ix_tasks_live": "deleted_at IS NULL", "ix_tasks_trash": "deleted_at IS NOT NULL"}


def upgrade() -> None:
    concurrently.add_columns("users", USER_COLUMNS)
    concurrently.add_columns("tasks", COLUMNS)
    concurrently.add_checks("tasks", CHECKS)
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
    for table, columns in (("users", USER_COLUMNS), ("tasks", COLUMNS)):
        for name in columns:
            op.drop_column(table, name)
