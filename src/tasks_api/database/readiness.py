"""Is the database ready for this release?"""

from typing import NamedTuple

import sqlalchemy as sa

from tasks_api.database import migrations
from tasks_api.database.execution import execute
from tasks_api.database.failures import DatabaseUnavailable, NotMigrated
from tasks_api.database.statements import Statement

ENCODING = Statement(
    sa.text("SELECT current_setting('server_encoding') AS encoding").columns(sa.column("encoding"))
)
APPLIED = Statement(
    sa.text("SELECT version_num FROM alembic_version").columns(sa.column("version_num"))
)


class Failed(NamedTuple):
    """A check that failed: its name, and one sentence about it."""

    check: str
    detail: str


def failed_check() -> Failed | None:
    """Return what is wrong: the database must answer, be in UTF8, and have all migrations.

    It may be ahead: during a deployment, and after a return to an older release.
    """
    try:
        encoding = execute(ENCODING)[0]["encoding"]
        if encoding != "UTF8":
            return Failed("encoding", migrations.NOT_UTF8.format(encoding))
        applied = max((row["version_num"] for row in execute(APPLIED)), default="")
    except NotMigrated:
        applied = ""
    except DatabaseUnavailable:
        return Failed("database", "The database can't be reached.")
    if applied < migrations.head():
        return Failed(
            "migrations",
            f"The database is at migration {applied or 'none'}, "
            f"this version needs {migrations.head()}: run `flask --app wsgi db upgrade`.",
        )
    return None
