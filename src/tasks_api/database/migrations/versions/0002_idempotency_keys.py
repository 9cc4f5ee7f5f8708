"""Idempotency keys."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE idempotency_keys (
            user_id uuid CONSTRAINT fk_idempotency_keys_users
                REFERENCES users (id) ON DELETE CASCADE,
            key text,
            fingerprint text NOT NULL,
            task_ids uuid[] NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_idempotency_keys PRIMARY KEY (user_id, key)
        )
    """)


def downgrade() -> None:
    op.drop_table("idempotency_keys")
