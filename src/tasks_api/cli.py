"""The commands `flask --app wsgi db …` and `flask --app wsgi token …`."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import click
import jwt
import sqlalchemy as sa
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext

from tasks_api.config import Config
from tasks_api.database.engine import new_engine
from tasks_api.database.execution import Database
from tasks_api.database.failures import DatabaseUnavailable, MigrationError, StatementRefused
from tasks_api.database.readiness import HEAD
from tasks_api.identity.settings import HYPHENATED_UUID
from tasks_api.tasks.upkeep.restoration import move_far_ahead

MONTH_MINUTES = 31 * 24 * 60

db = AppGroup("db", help="Migrate the database.")


@db.command()
@click.argument("revision", default="head")
def upgrade(revision: str) -> None:
    """Migrate up to REVISION, or all the way. Safe to run from many places at once."""
    _migrate(revision)


# Otherwise click would take -1 for an option.
@db.command(context_settings={"ignore_unknown_options": True})
@click.argument("revision")
def downgrade(revision: str) -> None:
    """Migrate down to REVISION, by steps (-1), or to nothing (base)."""
    _migrate(revision, down=True)


@db.command()
@click.argument("message")
def revision(message: str) -> None:
    """Write an empty migration, named by the next number and MESSAGE, for you to fill in."""
    # As `_migrate` does it.
    from tasks_api.database import migrations  # noqa: PLC0415

    migrations.revision(message)


@db.command()
def restored() -> None:
    """Make each app copy its tasks again: run this when the database comes from a backup.

    Run it before the service starts, after each restoration. The service would use the revisions of
    the time that was lost again, for other changes, and apps would keep a wrong copy.
    """
    with _patient_database("Moving the counters") as database:
        number = move_far_ahead(database)
    click.echo(f"Moved the counters of {number} users: their apps will copy again.")


@contextmanager
def _patient_database(what: str) -> Iterator[Database]:
    """Yield the database without the timeout that a request's statements have.

    A failure is reported in a sentence that begins with `what`.
    """
    url = current_app.extensions["database"].engine.url
    try:
        yield Database(new_engine(url), prepare=False)
    except (sa.exc.DBAPIError, MigrationError, DatabaseUnavailable, StatementRefused) as error:
        # PostgreSQL's own words; SQLAlchemy adds the statement, and psycopg2 more lines.
        [reason, *_] = str(getattr(error, "orig", error)).splitlines()
        raise click.ClickException(f"{what} did not run: {reason}") from None


def _migrate(revision: str, *, down: bool = False) -> None:
    # This imports Alembic, which the service does without: it starts sooner.
    from tasks_api.database import migrations  # noqa: PLC0415

    with _patient_database("The migration") as database:
        migrate = migrations.downgrade if down else migrations.upgrade
        migrate(database.engine, revision)
        click.echo(
            f"The database is at migration {migrations.current(database.engine) or 'none'}, "
            f"this version needs {HEAD}."
        )


def init_app(app: Flask, config: Config) -> None:
    """Add the commands."""
    app.extensions["config"] = config
    app.cli.add_command(db)
    app.cli.add_command(token)


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


def mint(config: Config, user_id: UUID, *, seconds: int) -> str:
    """Return a new token for a user, signed with the shared secret."""
    now = int(time.time())
    claims = {
        "iss": config.jwt_issuer,
        "aud": config.jwt_audience,
        config.jwt_user_claim: str(user_id),
        "iat": now,
        "exp": now + seconds,
    }
    return jwt.encode(claims, config.jwt_secret or b"", algorithm="HS256")
