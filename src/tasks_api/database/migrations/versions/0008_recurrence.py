"""Tasks that recur.

Safe while the service runs. The version before this migration goes on working after it. When it
completes a task that recurs, no next one is made; it can't take the due from one: it answers 500
and changes nothing.
"""

from tasks_api.database.migrations import concurrently

revision = "0008"
down_revision = "0007"

COLUMNS = {"time_zone": "text", "recurrence": "text", "next_task_id": "uuid"}
CHECKS = {
    "ck_tasks_recurrence_due": "recurrence IS NULL OR due_at IS NOT NULL OR due_on IS NOT NULL"
}


def upgrade() -> None:
    concurrently.add_columns("tasks", COLUMNS)
    concurrently.add_checks("tasks", CHECKS)


def downgrade() -> None:
    concurrently.drop_columns("tasks", COLUMNS)
