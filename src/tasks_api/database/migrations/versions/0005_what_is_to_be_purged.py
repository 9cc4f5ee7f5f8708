"""Indexes by which the purge finds what is old, without going from user to user.

Safe while the service runs: indexes are built concurrently. The version before this migration goes
on working after it.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

INDEXES: dict[str, tuple[str, list[str], Any]] = {
    "ix_tasks_deleted_at": ("tasks", ["deleted_at", "user_id"], sa.text("deleted_at IS NOT NULL")),
    "ix_idempotency_keys_created_at": ("idempotency_keys", ["created_at"], None),
}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name, (table, columns, condition) in INDEXES.items():
            # A build that broke off leaves an index behind that is not valid.
            op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)
            op.create_index(
                name, table, columns, postgresql_where=condition, postgresql_concurrently=True
            )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name, (table, _, _) in INDEXES.items():
            op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)
