"""Days without a time.

Safe while the service runs: columns can be null, which rewrites nothing; constraints are checked
against old rows without a lock that blocks writers. The version before this migration goes on
working after it, but it can't give a moment to a task that has a day: it answers 500.
"""

import sqlalchemy as sa
from alembic import op

from tasks_api.database.migrations import concurrently

revision = "0006"
down_revision = "0005"

COLUMNS = {"due_on": sa.Date()}
CHECKS = {"ck_tasks_one_due": "due_at IS NULL OR due_on IS NULL"}


def upgrade() -> None:
    # Every step can be run again if an earlier run broke off.
    for name, kind in COLUMNS.items():
        op.add_column("tasks", sa.Column(name, kind), if_not_exists=True)
    for name, condition in CHECKS.items():
        op.execute(f"ALTER TABLE tasks DROP CONSTRAINT IF EXISTS {name}")
        op.execute(f"ALTER TABLE tasks ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID")
    for name in CHECKS:
        concurrently.validate_constraint(name, "tasks")


def downgrade() -> None:
    for name in COLUMNS:
        # Its checks go with it.
        op.drop_column("tasks", name, if_exists=True)
