"""Tasks that recur.

Safe while the service runs: the columns can be null, which rewrites nothing, and the constraint is
checked against old rows without a lock that blocks writers. The version before this migration goes
on working after it. When it completes a task that recurs, no next one is made; it can't take the
due from one: it answers 500 and changes nothing.
"""

from alembic import op

from tasks_api.database.migrations import concurrently

revision = "0008"
down_revision = "0007"

COLUMNS = {"time_zone": "text", "recurrence": "text", "next_task_id": "uuid"}
CHECK = "ck_tasks_recurrence_due"
CONDITION = "recurrence IS NULL OR due_at IS NOT NULL OR due_on IS NOT NULL"


def upgrade() -> None:
    # Every step can be run again if an earlier run broke off.
    for name, kind in COLUMNS.items():
        op.execute(f"ALTER TABLE tasks ADD COLUMN IF NOT EXISTS {name} {kind}")
    op.execute(f"ALTER TABLE tasks DROP CONSTRAINT IF EXISTS {CHECK}")
    op.execute(f"ALTER TABLE tasks ADD CONSTRAINT {CHECK} CHECK ({CONDITION}) NOT VALID")
    concurrently.validate_constraint(CHECK, "tasks")


def downgrade() -> None:
    for name in COLUMNS:
        # The check goes with them.
        op.drop_column("tasks", name, if_exists=True)
