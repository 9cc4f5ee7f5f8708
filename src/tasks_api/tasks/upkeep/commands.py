"""The commands `flask --app wsgi tasks …`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from tasks_api.database.failures import DatabaseUnavailable
from tasks_api.tasks.blueprint import blueprint
from tasks_api.tasks.upkeep import fold as texts
from tasks_api.tasks.upkeep import purge as trash

blueprint.cli.help = "Look after the tasks."


@contextmanager
def _may_break_off(what: str) -> Iterator[None]:
    try:
        yield
    except DatabaseUnavailable as error:
        raise click.ClickException(f"{what} broke off, and can be run again: {error}") from None


@blueprint.cli.command()
@click.option("--days", type=click.IntRange(0, 36500), required=True, help="Older than this.")
def purge(days: int) -> None:
    """Remove old tasks from the trash for good, and old idempotency keys; then `fold`.

    Safe to run while the service runs, and twice at once. A client that has not read the feed since
    such a task was deleted has to start it again.
    """
    with _may_break_off("The purge"):
        with click.progressbar(
            length=trash.count(days), label="Tasks", hidden=not sys.stdout.isatty()
        ) as progress:
            removed = 0
            for number in trash.purge(days):
                removed += number
                progress.update(number)
        click.echo(f"Removed {removed} tasks.")
        sum(texts.fold())


@blueprint.cli.command()
def fold() -> None:
    """Make tasks that an older version has written as easy to find as the others.

    Run it when a new version has replaced an older one everywhere. Safe to run while the service
    runs, and twice at once. For clients nothing changes: tasks keep their revisions.
    """
    with _may_break_off("Folding"):
        click.echo(f"Folded {sum(texts.fold())} tasks.")
