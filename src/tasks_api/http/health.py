"""Is it alive, is it ready: for platforms and load balancers."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from marshmallow import Schema, fields

from tasks_api.database import migrations
from tasks_api.database.execution import DatabaseUnavailable, NotMigrated, execute
from tasks_api.database.statements import Statement
from tasks_api.http.problems import Problem, responses
from tasks_api.http.smorest import Blueprint

APPLIED = Statement(
    sa.text("SELECT version_num FROM alembic_version").columns(sa.column("version_num"))
)

blueprint = Blueprint(
    "health", __name__, any_query=True, description="For platforms and load balancers."
)


class HealthSchema(Schema):
    """How the service is."""

    status = fields.String(required=True, metadata={"description": "`ok`."})


@blueprint.route("/health")
@blueprint.response(200, HealthSchema(), description="It serves.", example={"status": "ok"})
@blueprint.doc(operationId="getHealth", responses=responses(400, 500))
def get_health() -> Any:
    """Check that the process serves

    Doesn't touch the database.
    """
    return {"status": "ok"}


@blueprint.route("/ready")
@blueprint.response(200, HealthSchema(), description="It is ready.", example={"status": "ok"})
@blueprint.doc(operationId="getReadiness", responses=responses(400, 500, 503))
def get_readiness() -> Any:
    """Check that requests can be served

    The database answers and has at least the migrations that this version needs. A 503 names the
    check that failed.
    """
    try:
        applied = max((row["version_num"] for row in execute(APPLIED)), default="")
    except NotMigrated:
        applied = ""
    except DatabaseUnavailable:
        raise _not_ready("database", "The database can't be reached.") from None
    # During a deployment, and after a return to an older release, the database is ahead.
    if applied < migrations.head():
        raise _not_ready(
            "migrations",
            f"The database is at migration {applied or 'none'}, "
            f"this version needs {migrations.head()}: run `flask --app wsgi db upgrade`.",
        )
    return {"status": "ok"}


def _not_ready(check: str, detail: str) -> Problem:
    return Problem(503, detail, headers={"Retry-After": "5"}, check=check)
