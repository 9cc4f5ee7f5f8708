"""Whom a request is for, and which path: refused where two readers could disagree."""

from __future__ import annotations

import re

from flask import Flask, request
from werkzeug.exceptions import NotFound

from tasks_api.http.problems import Problem

# RFC 3986, sections 3.2.2 and 3.2.3.
HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[\w.~!$&'()*+,;=%-]*)(?::[0-9]*)?", re.ASCII)


def init_app(app: Flask) -> None:
    """Refuse requests that are for nobody, or for a path that could be two."""
    # `//` is another path; a redirect would repeat a host that the client made up.
    app.url_map.merge_slashes = False
    app.before_request(refuse_ambiguous_target)


def refuse_ambiguous_target() -> None:
    """Refuse a request that doesn't say whom it is for (RFC 9112, section 3.2).

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
