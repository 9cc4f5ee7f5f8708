"""Indexes by which the purge finds what is old, without going from user to user.

Safe while the service runs; the version before this migration goes on working after it.
"""

from tasks_api.database.migrations.concurrently import create_index, drop_index

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    columns = ["deleted_at", "user_id"]
    create_index("ix_tasks_deleted_at", "tasks", columns, where="deleted_at IS NOT NULL")
    create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])


def downgrade() -> None:
    drop_index("ix_tasks_deleted_at", "tasks")
    drop_index("ix_idempotency_keys_created_at", "idempotency_keys")
