"""Is it alive, is it ready: for platforms and load balancers."""

from typing import Any

from marshmallow import fields

from tasks_api.database.readiness import failed_check
from tasks_api.http.fields import Answer, says
from tasks_api.http.problems import Problem, responses
from tasks_api.http.smorest import Blueprint

blueprint = Blueprint(
    "health", __name__, any_query=True, description="For platforms and load balancers."
)


class HealthSchema(Answer):
    """How the service is."""

    status = fields.String(metadata=says("`ok`."))


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
    if failed := failed_check():
        raise Problem(503, failed.detail, headers={"Retry-After": "5"}, check=failed.check)
    return {"status": "ok"}
