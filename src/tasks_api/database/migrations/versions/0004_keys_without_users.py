"""Idempotency keys no longer refer to their users.

A creation writes the key's row before the user's. PostgreSQL checks the reference at the end of
the statement, but Citus at the end of each of its parts, and refuses it. The purge and the erasure
remove keys by themselves, so the reference guarded nothing.

Safe while the service runs: dropping a constraint holds its locks for a moment.
"""

from alembic import op

from tasks_api.database.migrations import concurrently

revision = "0004"
down_revision = "0003"

FOREIGN_KEY = "fk_idempotency_keys_users"


def upgrade() -> None:
    op.drop_constraint(FOREIGN_KEY, "idempotency_keys")


def downgrade() -> None:
    # An earlier run may have broken off before the end.
    op.drop_constraint(FOREIGN_KEY, "idempotency_keys", if_exists=True)
    op.execute(
        "DELETE FROM idempotency_keys WHERE NOT EXISTS "
        "(SELECT FROM users WHERE users.id = idempotency_keys.user_id)"
    )
    # NOT VALID holds its locks for a moment; then old rows are checked while others write.
    op.execute(
        f"ALTER TABLE idempotency_keys ADD CONSTRAINT {FOREIGN_KEY} "
        "FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE NOT VALID"
    )
    concurrently.validate_constraint(FOREIGN_KEY, "idempotency_keys")
