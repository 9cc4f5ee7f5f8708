"""Operations of migrations for tables that are being written to: nobody waits for them.

Each commits what the migration has done before it, so every step of a migration must be one that
can be run again.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

# NULL if there is no such index; false if a build, or a removal, broke off.
IS_VALID = sa.text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)")


def create_index(
    name: str, table: str, columns: Sequence[str], *, where: str | None = None
) -> None:
    """Build an index, unless it is there; one that was left INVALID is made again.

    Args:
        columns: SQL, such as `created_at DESC`.
        where: SQL: which rows it has.
    """
    with op.get_context().autocommit_block():
        if op.get_bind().scalar(IS_VALID, {"name": name}):
            return
        op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)
        op.create_index(
            name,
            table,
            [sa.text(column) for column in columns],
            postgresql_where=None if where is None else sa.text(where),
            postgresql_concurrently=True,
        )


def drop_index(name: str, table: str) -> None:
    """Remove an index, if it is there."""
    with op.get_context().autocommit_block():
        op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)


def validate_constraint(name: str, table: str) -> None:
    """Check the old rows against a constraint that is NOT VALID."""
    # The lock that adding the constraint took ends with its transaction.
    with op.get_context().autocommit_block():
        pass
    op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")
