"""The commands `flask --app wsgi db …`; what knows the tables adds its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
import sqlalchemy as sa
from alembic.util import CommandError
from flask import current_app
from flask.cli import AppGroup

from tasks_api.database import migrations
from tasks_api.database.engine import new_engine
from tasks_api.database.execution import Database, DatabaseUnavailable, StatementRefused

db = AppGroup("db", help="Migrate the database.")


@db.command()
@click.argument("revision", default="head")
def upgrade(revision: str) -> None:
    """Migrate up to REVISION, or all the way. Safe to run from many places at once."""
    _migrate(migrations.upgrade, revision)


# Otherwise click would take -1 for an option.
@db.command(context_settings={"ignore_unknown_options": True})
@click.argument("revision")
def downgrade(revision: str) -> None:
    """Migrate down to REVISION, by steps (-1), or to nothing (base)."""
    _migrate(migrations.downgrade, revision)


@db.command()
@click.argument("message")
def revision(message: str) -> None:
    """Write an empty migration, named by the next number and MESSAGE, for you to fill in."""
    migrations.revision(message)


@contextmanager
def patient_database(what: str) -> Iterator[Database]:
    """Yield the database without the timeout that a request's statements have.

    Args:
        what: begins the sentence in which a failure is reported.
    """
    url = current_app.extensions["database"].engine.url
    try:
        yield Database(new_engine(url, poolclass=sa.NullPool), prepare=False)
    except (
        sa.exc.DBAPIError,
        CommandError,
        migrations.MigrationError,
        DatabaseUnavailable,
        StatementRefused,
    ) as error:
        raise click.ClickException(f"{what} did not run: {error}") from None


def _migrate(way: Callable[[sa.Engine, str], None], revision: str) -> None:
    with patient_database("The migration") as database:
        way(database.engine, revision)
        click.echo(
            f"The database is at migration {migrations.current(database.engine) or 'none'}, "
            f"this version needs {migrations.head()}."
        )
