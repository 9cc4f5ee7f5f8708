"""Is the database ready for this release?"""

from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from tasks_api.database.execution import execute
from tasks_api.database.failures import DatabaseUnavailable, NotMigrated
from tasks_api.database.statements import Statement

# The revision that this code needs: the number that begins the name of the newest migration's file.
# Alembic would say the same, but importing it takes a tenth of the time of a start.
VERSIONS = Path(__file__).parent / "migrations" / "versions"
HEAD = max(file.name for file in VERSIONS.glob("[0-9]*.py"))[:4]
NOT_UTF8 = (
    "The database's encoding is {}, and must be UTF8: make another one, with "
    "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0."
)
ENCODING = Statement(
    sa.text("SELECT current_setting('server_encoding') AS encoding").columns(sa.column("encoding"))
)
APPLIED = Statement(
    sa.text("SELECT version_num FROM alembic_version").columns(sa.column("version_num"))
)


class Failed(NamedTuple):
    """The name of a check that failed, and one sentence about it."""

    check: str
    detail: str


def failed_check() -> Failed | None:
    """Return what is wrong: the database must answer, be in UTF8, and have all migrations.

    It may be ahead: during a deployment, and after a return to an older release.
    """
    try:
        encoding = execute(ENCODING)[0]["encoding"]
        if encoding != "UTF8":
            return Failed("encoding", NOT_UTF8.format(encoding))
        applied = max((row["version_num"] for row in execute(APPLIED)), default="")
    except NotMigrated:
        applied = ""
    except DatabaseUnavailable:
        return Failed("database", "The database can't be reached.")
    if applied < HEAD:
        return Failed(
            "migrations",
            f"The database is at migration {applied or 'none'}, "
            f"this version needs {HEAD}: run `flask --app wsgi db upgrade`.",
        )
    return None
