"""The `flask` command's own commands: `flask --app wsgi db …`."""

from __future__ import annotations

from typing import Any

import click
import sqlalchemy as sa
from flask import Flask, current_app
from flask.cli import AppGroup

from tasks_api import migrations
from tasks_api.database import new_engine

db = AppGroup("db", help="Migrate the database.")


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(db)


@db.command()
@click.argument("revision", default="head")
def upgrade(revision: str) -> None:
    """Migrate up to REVISION, or all the way. Safe to run from many places at once."""
    _migrate(migrations.upgrade, revision)


@db.command()
@click.argument("revision")
def downgrade(revision: str) -> None:
    """Migrate down to REVISION, by steps (-1), or to nothing (base)."""
    _migrate(migrations.downgrade, revision)


def _migrate(way: Any, revision: str) -> None:
    # A migration may take longer than any request, so it has its own engine, without the timeout.
    engine = new_engine(current_app.extensions["engine"].url, poolclass=sa.NullPool)
    try:
        way(engine, revision)
    except (sa.exc.OperationalError, migrations.MigrationError) as error:
        raise click.ClickException(f"The migration did not run: {error}") from None
