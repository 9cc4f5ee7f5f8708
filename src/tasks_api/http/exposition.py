"""GET /metrics: all that was measured, for Prometheus."""

import os
import platform
from hmac import compare_digest
from importlib.metadata import version

from flask import Blueprint, Flask, Response, current_app, request
from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    REGISTRY,
    Gauge,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from tasks_api.http import bearer

BUILD = Gauge(
    "tasks_api_build_info",
    "Always 1; the labels say what runs.",
    ["version", "python"],
    multiprocess_mode="livemax",
)
# When each series began: of no use here, and one more line for each series.
disable_created_metrics()  # type: ignore[no-untyped-call]

blueprint = Blueprint("metrics", __name__)


def init_app(app: Flask, token: str | None, *, open_to_all: bool) -> None:
    """Serve the metrics to those with the token; without one to all, or to nobody."""
    BUILD.labels(version("tasks-api"), platform.python_version()).set(1)
    if token or open_to_all:
        app.extensions["metrics_token"] = token
        app.register_blueprint(blueprint)


@blueprint.get("/metrics")
def get_metrics() -> Response:
    """Return the metrics of all workers."""
    token = current_app.extensions["metrics_token"]
    if token and not compare_digest(bearer.read_token(request), token):
        raise bearer.invalid_token()
    # Where there are several workers, each reads the files of all of them.
    shared = "PROMETHEUS_MULTIPROC_DIR" in os.environ
    source = MultiProcessCollector(None) if shared else REGISTRY  # type: ignore[no-untyped-call]
    return Response(
        generate_latest(source),
        content_type=CONTENT_TYPE_PLAIN_0_0_4,
        headers={"Cache-Control": "no-store"},
    )
