"""Days without a time, an order of the user's own.

Safe while the service runs. The version before this migration goes on working after it, but it
can't give a moment to a task that has a day: it answers 500.
"""

from tasks_api.database.migrations import concurrently

revision = "0006"
down_revision = "0005"

COLUMNS = {"due_on": "date", "position": "text"}
CHECKS = {
    "ck_tasks_one_due": "due_at IS NULL OR due_on IS NULL",
    "ck_tasks_position_length": "char_length(position) <= 100",
}


def upgrade() -> None:
    concurrently.add_columns("tasks", COLUMNS)
    concurrently.add_checks("tasks", CHECKS)


def downgrade() -> None:
    concurrently.drop_columns("tasks", COLUMNS)
