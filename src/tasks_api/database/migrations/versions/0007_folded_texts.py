"""Texts without case, accents and width, for searches and the order by title.

Safe while the service runs. The version before this migration goes on working after it; what it
writes has another `folded_revision` than its revision, or none. `flask --app wsgi tasks fold` fills
the columns, and so does the purge.
"""

from tasks_api.database.migrations import concurrently

revision = "0007"
down_revision = "0006"

COLUMNS = {"title_folded": "bytea", "description_folded": "bytea", "folded_revision": "bigint"}
INDEX = "ix_tasks_unfolded"
UNFOLDED = "folded_revision IS DISTINCT FROM revision"


def upgrade() -> None:
    concurrently.add_columns("tasks", COLUMNS)
    concurrently.create_index(INDEX, "tasks", ["user_id", "id"], where=UNFOLDED)


def downgrade() -> None:
    concurrently.drop_index(INDEX, "tasks")
    concurrently.drop_columns("tasks", COLUMNS)
