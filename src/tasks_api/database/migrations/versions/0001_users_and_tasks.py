"""Users with their counters, and their tasks."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE users (
            id uuid CONSTRAINT pk_users PRIMARY KEY,
            revision bigint NOT NULL,
            written_at timestamptz NOT NULL DEFAULT now()
        ) WITH (fillfactor = 70)
    """)
    op.execute("""
        CREATE TABLE tasks (
            user_id uuid CONSTRAINT fk_tasks_users REFERENCES users (id) ON DELETE CASCADE,
            id uuid,
            title text NOT NULL
                CONSTRAINT ck_tasks_title_length CHECK (char_length(title) BETWEEN 1 AND 255),
            description text
                CONSTRAINT ck_tasks_description_length CHECK (char_length(description) <= 2000),
            completed boolean NOT NULL DEFAULT false,
            revision bigint NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_tasks PRIMARY KEY (user_id, id),
            CONSTRAINT uq_tasks_user_id_revision UNIQUE (user_id, revision)
        )
    """)
    op.execute("CREATE INDEX ix_tasks_newest_first ON tasks (user_id, created_at DESC, id DESC)")


def downgrade() -> None:
    op.drop_table("tasks")
    op.drop_table("users")
