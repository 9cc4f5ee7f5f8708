"""The `flask` command's own commands: `flask --app wsgi db …` and `flask --app wsgi token …`."""

import time
from uuid import UUID

import click
import jwt
from flask import Flask, current_app
from flask.cli import with_appcontext

from tasks_api.config import Config
from tasks_api.database.commands import db
from tasks_api.identity.settings import HYPHENATED_UUID
from tasks_api.tasks.upkeep.commands import restored

MONTH_MINUTES = 31 * 24 * 60


def init_app(app: Flask, config: Config) -> None:
    """Add the commands."""
    app.extensions["config"] = config
    db.add_command(restored)
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
