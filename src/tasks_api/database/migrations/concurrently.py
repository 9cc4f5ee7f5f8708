"""Operations of migrations for tables that are being written to: nobody waits for them.

Some commit what the migration has done before them, so every step of a migration must be one that
can be run again.
"""

from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa
from alembic import op

# NULL if there is no such index; false if a build, or a removal, broke off.
IS_VALID = sa.text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)")


def add_columns(table: str, columns: Mapping[str, str]) -> None:
    """Add columns, by name and type, unless they are there. None, or a constant, is their default:
    so this rewrites nothing.
    """
    for name, kind in columns.items():
        op.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {name} {kind}")


def drop_columns(table: str, names: Collection[str]) -> None:
    """Remove columns, and the checks on them, if they are there."""
    for name in names:
        op.drop_column(table, name, if_exists=True)


def add_checks(table: str, checks: Mapping[str, str]) -> None:
    """Add constraints, by name and condition: old rows are checked while others write."""
    for name, condition in checks.items():
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID")
    for name in checks:
        validate_constraint(name, table)


def validate_constraint(name: str, table: str) -> None:
    """Check the old rows against a constraint that is NOT VALID."""
    # The lock that adding the constraint took ends with its transaction.
    with op.get_context().autocommit_block():
        pass
    op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


def create_index(
    name: str, table: str, columns: Sequence[str], *, where: str | None = None
) -> None:
    """Build an index on columns, and on the rows of a condition, given in SQL.

    One that is there stays; one that was left INVALID is made again.
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
