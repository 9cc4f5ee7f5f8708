"""The commands `flask --app wsgi tasks …`."""

import sys

import click

from tasks_api.database.failures import DatabaseUnavailable
from tasks_api.tasks.blueprint import blueprint
from tasks_api.tasks.upkeep import purge as trash

blueprint.cli.help = "Look after the tasks."


@blueprint.cli.command()
@click.option("--days", type=click.IntRange(0, 36500), required=True, help="Older than this.")
def purge(days: int) -> None:
    """Remove old tasks from the trash for good, and old idempotency keys.

    Safe to run while the service runs, and twice at once. A client that has not read the feed since
    such a task was deleted has to start it again.
    """
    try:
        with click.progressbar(
            length=trash.count(days), label="Tasks", hidden=not sys.stdout.isatty()
        ) as progress:
            removed = 0
            for number in trash.purge(days):
                removed += number
                progress.update(number)
    except DatabaseUnavailable as error:
        raise click.ClickException(f"The purge broke off, and can be run again: {error}") from None
    click.echo(f"Removed {removed} tasks.")
