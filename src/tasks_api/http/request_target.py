"""The host and the path of a request: refused where two readers could disagree."""

import re
from functools import cache

from flask import Flask, current_app, request
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import Map, Rule, UnicodeConverter, UUIDConverter

from tasks_api.http.problems import Problem

# RFC 3986, sections 3.2.2 and 3.2.3.
HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[\w.~!$&'()*+,;=%-]*)(?::[0-9]*)?", re.ASCII)
UUID = re.compile(UUIDConverter.regex)


def init_app(app: Flask) -> None:
    """Refuse requests that name no host, or a path with two meanings."""
    # `//` is another path; a redirect would repeat a host that the client made up.
    app.url_map.merge_slashes = False
    app.extensions["paths_with_any_text"] = cache(lambda: _paths_with_any_text(app.url_map))
    app.before_request(refuse_ambiguous_target)
    app.before_request(explain_malformed_uuid)


def refuse_ambiguous_target() -> None:
    """Refuse a request that names no host, or a malformed one (RFC 9112, section 3.2).

    Raises:
        Problem: 400.
        NotFound: the path begins with two slashes, of which werkzeug would see one.
    """
    environ = request.environ
    host = environ.get("HTTP_HOST")
    if host is None and environ["SERVER_PROTOCOL"] == "HTTP/1.0":
        host = ""
    if host is None or not HOST.fullmatch(host):
        raise Problem(400, "The Host header is missing or malformed.")
    if environ["PATH_INFO"].startswith("//"):
        raise NotFound


def explain_malformed_uuid() -> None:
    """Replace a 404 by one that names the parameter, where only a malformed UUID is its cause.

    Flask raises it only after all that comes before a request: without a token it stays a 401.
    """
    if not isinstance(request.routing_exception, NotFound):
        return
    try:
        _, parameters = current_app.extensions["paths_with_any_text"]().bind("").match(request.path)
    except HTTPException:
        return
    name = next(name for name, value in parameters.items() if not UUID.fullmatch(value))
    request.routing_exception = Problem(
        404,
        f"`{name}` in the path must be a UUID, such as 6f1d6a3e-52a4-4a8e-9a57-0d2c8f0b7e11.",
    )


def _paths_with_any_text(paths: Map) -> Map:
    """Return the paths that have UUIDs in them, with any text in place of these."""
    rules = [Rule(rule.rule) for rule in paths.iter_rules() if "<uuid:" in rule.rule]
    return Map(rules, converters={"uuid": UnicodeConverter}, merge_slashes=False)
