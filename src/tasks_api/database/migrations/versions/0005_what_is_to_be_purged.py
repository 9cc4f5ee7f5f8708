"""Indexes by which the purge finds what is old, without going from user to user.

Safe while the service runs: indexes are built concurrently. The version before this migration goes
on working after it.
"""

from tasks_api.database.migrations import concurrently

revision = "0005"
down_revision = "0004"

INDEXES: dict[str, tuple[str, list[str], str | None]] = {
    "ix_tasks_deleted_at": ("tasks", ["deleted_at", "user_id"], "deleted_at IS NOT NULL"),
    "ix_idempotency_keys_created_at": ("idempotency_keys", ["created_at"], None),
}


def upgrade() -> None:
    for name, (table, columns, condition) in INDEXES.items():
        concurrently.create_index(name, table, columns, where=condition)


def downgrade() -> None:
    for name, (table, _, _) in INDEXES.items():
        concurrently.drop_index(name, table)
