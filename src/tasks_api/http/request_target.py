"""The host and the path of a request: refused where two readers could disagree."""

import re
from functools import cache

from flask import Flask, Request, current_app
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import Map, Rule, UnicodeConverter, UUIDConverter

from tasks_api.http.problems import Problem
from tasks_api.http.service import current_request

# RFC 3986, sections 3.2.2 and 3.2.3.
HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[\w.~!$&'()*+,;=%-]*)(?::[0-9]*)?", re.ASCII)
# At the front of a path; `GET http://host` has none.
ONE_SLASH = re.compile(r"/(?!/)|\Z")
UUID = re.compile(UUIDConverter.regex)
EXAMPLE = "6f1d6a3e-52a4-4a8e-9a57-0d2c8f0b7e11"


def init_app(app: Flask) -> None:
    """Refuse requests that name no host, or a path with two meanings."""
    # `//` is another path; a redirect would repeat a host that the client made up.
    app.url_map.merge_slashes = False
    app.extensions["paths_with_any_text"] = cache(lambda: _paths_with_any_text(app.url_map))
    app.before_request(check_target)


def check_target() -> None:
    """Refuse a request whose host or path is malformed, and say what is wrong with its UUIDs.

    Raises:
        Problem: 400.
    """
    req = current_request()
    refuse_ambiguous_target(req)
    if isinstance(req.routing_exception, NotFound):
        explain_malformed_uuid(req)


def refuse_ambiguous_target(req: Request) -> None:
    """Refuse a request that names no host, or a malformed one (RFC 9112, section 3.2).

    There is nothing at a path that doesn't begin with exactly one slash, as werkzeug would read it,
    or that becomes one of ours only by decoding: `%2F` is not `/` (RFC 3986, section 2.2), and what
    guards `/api/` in front of the service may not know that `/%61pi/` is the same. No path of ours
    has anything to encode.

    Raises:
        Problem: 400.
    """
    environ = req.environ
    host = environ.get("HTTP_HOST")
    if host is None and environ["SERVER_PROTOCOL"] == "HTTP/1.0":
        host = ""
    if host is None or not HOST.fullmatch(host):
        raise Problem(400, "The Host header is missing or malformed.")
    path = environ["PATH_INFO"]
    # As the client wrote it, with SCRIPT_NAME at its front; few servers don't say it.
    written = (environ.get("RAW_URI") or environ.get("REQUEST_URI", "")).partition("?")[0]
    decoded = "%" in written and not written.endswith(path)
    if decoded or not ONE_SLASH.match(path):
        # As if no route had matched.
        req.url_rule = req.view_args = None
        req.routing_exception = NotFound()


def explain_malformed_uuid(req: Request) -> None:
    """Replace a 404 by one that names the parameter, where only a malformed UUID is its cause.

    Flask raises it only after all that comes before a request: without a token it stays a 401.
    """
    try:
        _, parameters = current_app.extensions["paths_with_any_text"]().bind("").match(req.path)
    except HTTPException:
        return
    for name, value in parameters.items():
        if not UUID.fullmatch(value):
            detail = f"`{name}` in the path must be a UUID, such as {EXAMPLE}."
            req.routing_exception = Problem(404, detail)
            return


def _paths_with_any_text(paths: Map) -> Map:
    """Return the paths that have UUIDs in them, with any text in place of these."""
    rules = [Rule(rule.rule) for rule in paths.iter_rules() if "<uuid:" in rule.rule]
    return Map(rules, converters={"uuid": UnicodeConverter}, merge_slashes=False)
