"""flask-smorest's classes, with strict arguments and problem details.

It relies on flask-smorest's `Api._app`, `_init_spec`, `_register_error_handlers` and
`_register_pagination_header`, and on the `_apidoc` of a view.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import flask_smorest
from flask import Response
from werkzeug.exceptions import HTTPException

from tasks_api.database.failures import DatabaseUnavailable
from tasks_api.http.components import Components, Descriptions
from tasks_api.http.fields import Strict
from tasks_api.http.parser import View, with_argument, without_query
from tasks_api.http.problem_schemas import ProblemSchema
from tasks_api.http.problems import REQUEST_ID_REF, database_unavailable, render


class Api(flask_smorest.Api):
    """flask-smorest's Api, speaking RFC 9457."""

    ERROR_SCHEMA = ProblemSchema
    DEFAULT_ERROR_RESPONSE_NAME = None

    def _init_spec(self, **options: Any) -> None:
        super()._init_spec(
            marshmallow_plugin=Components(), extra_plugins=[Descriptions()], **options
        )

    def _register_error_handlers(self) -> None:
        super()._register_error_handlers()
        self._app.register_error_handler(DatabaseUnavailable, database_unavailable)

    def _register_pagination_header(self) -> None:
        """Leave out flask-smorest's page numbers, which are not used and would be documented."""

    def handle_http_exception(self, error: HTTPException) -> Response:
        """Render any error; flask-smorest's own way would drop the exception's headers."""
        return render(error)


class Blueprint(flask_smorest.Blueprint):
    """flask-smorest's blueprint with the strict parser.

    Args:
        any_query: whether a view that declares no query lets any pass, instead of refusing it.
        path_parameters: how the document describes the parameters of paths, by their names.
    """

    def __init__(
        self,
        *args: Any,
        any_query: bool = False,
        path_parameters: Mapping[str, Mapping[str, Any]] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._any_query = any_query
        self._path_parameters = path_parameters or {}

    def route(self, rule: str, **options: Any) -> Any:
        """Register a view, and with it what it declares."""
        described = [
            {"in": "path", "name": name, **description}
            for name, description in self._path_parameters.items()
            if f":{name}>" in rule
        ]
        register = super().route(rule, parameters=described, **options)

        def decorate(view: Any) -> Any:
            declared = view._apidoc.get("arguments", {}).get("parameters", ())
            takes_query = any(parameter["in"] == "query" for parameter in declared)
            register(view if takes_query or self._any_query else without_query(view))
            return view

        return decorate

    def arguments(self, schema: Strict, *, location: str = "json", **kwargs: Any) -> Any:
        """Declare an argument, and pass it to the view."""
        document = super().arguments(schema, location=location, **kwargs)
        return lambda view: with_argument(_documented(document, view), schema, location)

    def response(self, status_code: int, schema: Any = None, **kwargs: Any) -> Any:
        """Declare an answer, with the header that every answer has; the view returns it whole."""
        kwargs["headers"] = {"X-Request-Id": REQUEST_ID_REF, **kwargs.get("headers", {})}
        return partial(_documented, super().response(status_code, schema, **kwargs))

    def doc(self, **kwargs: Any) -> Any:
        """Declare more about a view."""
        return partial(_documented, super().doc(**kwargs))


def _documented(document: Callable[[View], Any], view: Any) -> Any:
    """Return a view with what a decorator of flask-smorest says of it, and without its wrapper."""
    view._apidoc = document(view)._apidoc
    return view
