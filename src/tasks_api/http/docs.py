"""The OpenAPI document and a page to try it on, all from this host."""

from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

import flask_swagger_ui
from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    redirect,
    request,
    send_from_directory,
    url_for,
)
from werkzeug.http import parse_date

from tasks_api.http.smorest import Api

PAGE = Path(__file__).with_name("page")
DIST = Path(flask_swagger_ui.__file__).parent / "dist"
ASSETS = frozenset(path.name for path in DIST.iterdir())
# Swagger UI shows its icons as data URLs; nothing comes from elsewhere.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# Headers that werkzeug reads as dates when it sends a file.
DATES = ("HTTP_IF_MODIFIED_SINCE", "HTTP_IF_RANGE")
blueprint = Blueprint("docs", __name__)


def init_app(app: Flask, api: Api) -> None:
    """Serve the document of all that is registered on the api, and the page."""

    @cache
    def write(prefix: str) -> str:
        document = api.spec.to_dict() | {"servers": [{"url": prefix or "/"}]}
        return app.json.dumps(document, indent=2) + "\n"

    app.extensions["openapi"] = write
    app.register_blueprint(blueprint)


def serve_folder(app: Flask, name: str, folder: Path) -> None:
    """Serve a page at `/name/`, if its folder is there: it isn't part of the package."""
    page = Blueprint(
        name, __name__, url_prefix=f"/{name}", static_folder=folder, static_url_path=""
    )
    page.add_url_rule("/", "page", lambda: page.send_static_file("index.html"))
    page.after_request(_bound_to_this_host)
    if folder.is_dir():
        app.register_blueprint(page)


def _bound_to_this_host(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return response


@blueprint.get("/openapi.json")
def get_openapi() -> Response:
    """Return the OpenAPI document."""
    document = current_app.extensions["openapi"](request.script_root)
    return Response(document, mimetype="application/json")


# Without a path, as in `GET http://host`, it is the same (RFC 9110, section 4.2.3).
@blueprint.get("/", strict_slashes=False)
def get_root() -> Any:
    """Redirect a browser to the page."""
    return redirect(url_for("docs.get_page"))


@blueprint.get("/docs")
def get_page() -> Response:
    """Return the page: Swagger UI."""
    return Response(
        (PAGE / "index.html").read_text(),
        mimetype="text/html",
        headers={
            "Content-Security-Policy": CONTENT_SECURITY_POLICY,
            # Sites that the page links to needn't know where it is.
            "Referrer-Policy": "no-referrer",
        },
    )


@blueprint.get("/docs/start.js")
def get_start() -> Response:
    """Return the script that starts Swagger UI; inline, the policy would forbid it."""
    return Response((PAGE / "start.js").read_text(), mimetype="text/javascript")


@blueprint.get("/docs/<path:name>")
def get_asset(name: str) -> Response:
    """Return one of Swagger UI's own files."""
    if name not in ASSETS:
        # Not even if it leads to one of them, as `x/../swagger-ui.css` and `swagger-ui.css/` do.
        abort(HTTPStatus.NOT_FOUND)
    for header in DATES:
        try:
            parse_date(request.environ.get(header))
        except OverflowError:
            # Neither a date nor an entity tag of ours: ignored, or the whole file is sent
            # (RFC 9110, sections 13.1.3 and 13.1.5). werkzeug would let the error through.
            request.environ[header] = "malformed"
    response = send_from_directory(DIST, name)
    if response.status_code == HTTPStatus.PRECONDITION_FAILED:
        response.close()
        abort(response.status_code)
    return response
