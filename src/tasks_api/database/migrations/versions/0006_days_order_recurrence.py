"""Days without a time, an order of the user's own.

Safe while the service runs: columns can be null, which rewrites nothing; constraints are checked
against old rows without a lock that blocks writers. The version before this migration goes on
working after it, but it can't give a moment to a task that has a day: it answers 500.
"""

from alembic import op

from tasks_api.database.migrations import concurrently

revision = "0006"
down_revision = "0005"

COLUMNS = {"due_on": "date", "position": "text"}
CHECKS = {
    "ck_tasks_one_due": "due_at IS NULL OR due_on IS NULL",
    "ck_tasks_position_length": "char_length(position) <= 100",
}


def upgrade() -> None:
    # Every step can be run again if an earlier run broke off.
    for name, kind in COLUMNS.items():
        op.execute(f"ALTER TABLE tasks ADD COLUMN IF NOT EXISTS {name} {kind}")
    for name, condition in CHECKS.items():
        op.execute(f"ALTER TABLE tasks DROP CONSTRAINT IF EXISTS {name}")
        op.execute(f"ALTER TABLE tasks ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID")
    for name in CHECKS:
        concurrently.validate_constraint(name, "tasks")


def downgrade() -> None:
    for name in COLUMNS:
        # Its checks go with it.
        op.drop_column("tasks", name, if_exists=True)
