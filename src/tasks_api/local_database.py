"""The database where no DATABASE_URL is given: an embedded PostgreSQL, migrated."""

import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Lock, Thread
from typing import Any

import psycopg2
import sqlalchemy as sa

from local_postgres.server import StartFailed
from local_postgres.start import look_after
from local_postgres.start import start as start_postgres
from tasks_api.database.engine import new_engine
from tasks_api.database.failures import MigrationError
from tasks_api.settings import ConfigError

# Seconds from one attempt to start the server again to the next, at least.
RETRY_SECONDS = 1.0


@cache
def start(directory: Path) -> sa.URL:
    """Start the server on the data in `directory`, or find it running; return its address.

    Raises:
        ConfigError: the `embedded` extra isn't installed, or the server can't be used.
    """
    # This imports Alembic, which nothing needs where the database is another one.
    from tasks_api.database import migrations  # noqa: PLC0415

    try:
        server = start_postgres(directory, "tasks")
        url = sa.URL.create(
            "postgresql+psycopg2",
            server["user"],
            database=server["dbname"],
            query={"host": server["host"], "port": server["port"]},
        )
        migrations.upgrade(new_engine(url))
    except ModuleNotFoundError:
        raise ConfigError(
            "DATABASE_URL is not set and the embedded PostgreSQL is not installed: set "
            "DATABASE_URL, or run `pip install 'tasks-api[embedded]'`."
        ) from None
    except OSError as error:
        raise ConfigError(
            "DATA_DIR must be a directory in which this user may write: "
            f"{error.strerror}: {error.filename}"
        ) from None
    except StartFailed as error:
        raise ConfigError(f"The embedded PostgreSQL did not start: {error}") from None
    except (psycopg2.Error, sa.exc.DBAPIError, MigrationError) as error:
        reason = " ".join(str(getattr(error, "orig", error)).split())
        raise ConfigError(f"The embedded PostgreSQL can't be used: {reason}") from None
    return url


def start_again_if_it_ends(directory: Path, engine: sa.Engine) -> None:
    """Let requests that can't connect see to it that the server is looked after.

    It is, unless its supervisor was killed. That request doesn't wait: later ones succeed.
    """
    trying = Lock()

    def look() -> None:
        try:
            with suppress(StartFailed, OSError):
                look_after(directory)
            time.sleep(RETRY_SECONDS)
        finally:
            trying.release()

    @sa.event.listens_for(engine, "do_connect")
    def connect(dialect: Any, _record: object, arguments: Any, parameters: Any) -> Any:
        try:
            return dialect.connect(*arguments, **parameters)
        except psycopg2.OperationalError:
            if trying.acquire(blocking=False):
                Thread(target=look, daemon=True).start()
            raise
