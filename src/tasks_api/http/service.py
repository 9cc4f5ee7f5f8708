"""Flask for a service of JSON: no session, no signal, no form, and no more steps than are used.

All of it overrides what Flask and werkzeug document to be overridden; the proxies'
`_get_current_object` is documented, too.
"""

import re
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, cast
from uuid import UUID
from wsgiref.types import StartResponse, WSGIEnvironment

import orjson
from flask import Flask, Request, Response, request
from flask.json.provider import JSONProvider
from flask.sessions import NullSession, SessionInterface
from werkzeug.routing import Map, MapAdapter, Rule, UUIDConverter

# What it finds has each attribute of a request at once; Flask's proxy would look for it each time.
current_request: Callable[[], Request] = cast("Any", request)._get_current_object

UUID_IN_PATH = re.compile(f"({UUIDConverter.regex})")
UUID_IN_RULE = re.compile("<uuid:([a-z_]+)>")


class JSONResponse(Response):
    """An answer in JSON, sent as it is: werkzeug would copy its headers to look for mistakes."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Send it."""
        if environ["REQUEST_METHOD"] == "HEAD":
            return super().__call__(environ, start_response)
        start_response(self.status, self.headers.to_wsgi_list())
        return self.iter_encoded()


class OrjsonProvider(JSONProvider):
    """JSON by orjson, which writes UUIDs, and datetimes as RFC 3339 in UTC."""

    def dumps(self, obj: Any, *, indent: int | None = None, **_: object) -> str:
        """Write JSON, indented by two spaces if any indent is asked for."""
        indented = orjson.OPT_INDENT_2 if indent else 0
        return orjson.dumps(obj, option=orjson.OPT_UTC_Z | indented).decode()

    def response(self, obj: Any) -> Response:
        """Return an answer with a JSON value."""
        body = orjson.dumps(obj, option=orjson.OPT_UTC_Z)
        return JSONResponse(body, content_type="application/json")

    def loads(self, s: str | bytes, **_: object) -> Any:
        """Read JSON."""
        return orjson.loads(s)


class Paths(Map):
    """The rules of the service, most of which differ only in where they have UUIDs."""

    @cached_property
    def templates(self) -> dict[tuple[str, str], tuple[Rule, list[str]]]:
        """The rules, and the names of their UUIDs, by method and path with `<>` for each UUID."""
        return {
            (method, UUID_IN_RULE.sub("<>", rule.rule)): (rule, UUID_IN_RULE.findall(rule.rule))
            for rule in self.iter_rules()
            if len(rule.arguments) == len(UUID_IN_RULE.findall(rule.rule))
            for method in rule.methods or ()
        }


class PathAdapter(MapAdapter):
    """Finds the rule of a path at once, where werkzeug would try one part of it after another."""

    map: Paths

    def match(self, *args: Any, **kwargs: Any) -> Any:
        """Return the rule and its parameters; let werkzeug say what is wrong if there is none."""
        if kwargs != {"return_rule": True}:
            return super().match(*args, **kwargs)
        parts = UUID_IN_PATH.split(self.path_info)
        template, values = "<>".join(parts[::2]), parts[1::2]
        rule, names = self.map.templates.get((self.default_method, template), (None, []))
        # A path that has `<>` in it has fewer UUIDs.
        if rule is None or len(values) != len(names):
            return super().match(*args, **kwargs)
        return rule, dict(zip(names, map(UUID, values), strict=True))


class NoSession(SessionInterface):
    """Nothing is remembered from one request to the next."""

    def open_session(self, app: Flask, request: Request) -> NullSession:
        """Return the session that all requests have."""
        return NO_SESSION


NO_SESSION = NullSession()


class Service(Flask):
    """Flask without coroutines, sessions and teardown, and with a log that names nobody."""

    json_provider_class = OrjsonProvider
    session_interface = NoSession()
    url_map_class = Paths

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return a view as it is; Flask would inspect each function of a request, each time."""
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Look up a path; Flask would check the host's name too, as `strict_input` does later."""
        if request is None:
            return None
        environ = request.environ
        return PathAdapter(
            self.url_map,
            # Only redirects name it.
            server_name=environ.get("HTTP_HOST")
            or "{SERVER_NAME}:{SERVER_PORT}".format_map(environ),
            script_name=request.root_path,
            subdomain="",
            url_scheme=request.scheme,
            path_info=environ["PATH_INFO"].encode("latin-1").decode(errors="replace"),
            default_method=request.method,
            query_args=environ.get("QUERY_STRING"),
        )

    def do_teardown_request(self, exc: object = None) -> None:
        """Do nothing: nothing is registered for it."""

    def do_teardown_appcontext(self, exc: object = None) -> None:
        """Do nothing: nothing is registered for it."""

    def log_exception(self, exc_info: Any) -> None:
        """Log the template of the path; Flask would log the path, which names a user."""
        route = request.url_rule.rule if request.url_rule else "-"
        self.logger.error("Exception on %s [%s]", route, request.method, exc_info=exc_info)
