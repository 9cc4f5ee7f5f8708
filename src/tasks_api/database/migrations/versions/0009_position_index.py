"""An index for the order by position, of the tasks that have one.

Safe while the service runs: it is built concurrently. The version before this migration goes on
working after it.
"""

from tasks_api.database.migrations import concurrently

revision = "0009"
down_revision = "0008"

INDEX = "ix_tasks_position"
COLUMNS = ["user_id", 'position COLLATE "C"', "id"]
WHERE = "deleted_at IS NULL AND position IS NOT NULL"


def upgrade() -> None:
    concurrently.create_index(INDEX, "tasks", COLUMNS, where=WHERE)


def downgrade() -> None:
    concurrently.drop_index(INDEX, "tasks")
