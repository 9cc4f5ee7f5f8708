"""The `flask` command's own commands: `flask --app wsgi db …` and `flask --app wsgi token …`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import click
import sqlalchemy as sa
from alembic.util import CommandError
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext

from tasks_api.config import Config
from tasks_api.database import migrations
from tasks_api.database.engine import new_engine
from tasks_api.identity.tokens import mint
from tasks_api.setting_checks import HYPHENATED_UUID

MONTH_MINUTES = 31 * 24 * 60

db = AppGroup("db", help="Migrate the database.")


def init_app(app: Flask, config: Config) -> None:
    """Add the commands."""
    app.extensions["config"] = config
    app.cli.add_command(db)
    app.cli.add_command(token)


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


@click.command()
@click.argument("user_id")
@click.option(
    "--minutes", type=click.IntRange(1, MONTH_MINUTES), default=60, show_default=True, metavar="N"
)
@with_appcontext
def token(user_id: str, minutes: int) -> None:
    """Print a new token for USER_ID, for development.

    This needs JWT_SECRET. With JWT_JWKS_URL, only the issuer can make tokens.
    """
    config: Config = current_app.extensions["config"]
    if not config.jwt_secret:
        raise click.ClickException("A token can only be made with AUTH=jwt and JWT_SECRET.")
    if not HYPHENATED_UUID.fullmatch(user_id):
        raise click.ClickException("USER_ID must be a UUID, with hyphens.")
    click.echo(mint(config, UUID(user_id), seconds=minutes * 60))


def _migrate(way: Any, revision: str) -> None:
    # A migration may take longer than a request, so it has its own engine, without the timeout.
    engine = new_engine(current_app.extensions["database"].engine.url, poolclass=sa.NullPool)
    try:
        way(engine, revision)
    except (sa.exc.OperationalError, CommandError, migrations.MigrationError) as error:
        raise click.ClickException(f"The migration did not run: {error}") from None
    click.echo(
        f"The database is at migration {migrations.current(engine) or 'none'}, "
        f"this version needs {migrations.head()}."
    )
