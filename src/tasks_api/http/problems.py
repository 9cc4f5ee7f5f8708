"""Errors: one kind of exception, one place that renders it, one place that documents it.

RFC 9457: `application/problem+json`.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from http import HTTPStatus
from typing import Any

import orjson
from apispec import APISpec
from flask import Response
from werkzeug.exceptions import (
    HTTPException,
    InternalServerError,
    MethodNotAllowed,
    NotFound,
    RequestEntityTooLarge,
)

from tasks_api.database.failures import DatabaseUnavailable
from tasks_api.http.log import request_id

# Names that RFC 9110 changed; Python has them from 3.13 on.
TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}

# What each status means here, for the OpenAPI document.
DESCRIPTIONS = {
    400: "The request is malformed: not JSON, not UTF-8, nested too deep, or a bad header.",
    404: "There is no such thing, or it is another user's.",
    409: "The present state does not allow it.",
    410: "It is gone for good.",
    412: "The version is not one that the request expects; `ETag` has the current one.",
    413: "The body is too large.",
    415: "The body is not declared to be JSON.",
    422: "The request is well formed, but its content is not acceptable.",
    500: "The service has a defect; its log says more under the request's id.",
    503: "The database or the issuer of the tokens is unreachable, starting or too busy.",
}

DEFECT = "The service has a defect; its log says more under this request's id."

# What to say where werkzeug found the error: its own words are for people in front of a browser.
DETAILS: dict[type[HTTPException], str] = {
    NotFound: "There is nothing at this path.",
    MethodNotAllowed: "This path does not have that method; the header Allow lists those it has.",
    RequestEntityTooLarge: "The body is larger than the service accepts.",
    InternalServerError: DEFECT,
}

# What programs must tell apart where the status doesn't: absolute URIs, all in the document.
BLANK = "about:blank"
TYPES = [BLANK]

# Errors with members beside those of all, by the names that they have in the document.
RESPONSES: dict[str, Any] = {}

REQUEST_ID = {
    "description": "The id of this request in the log: the caller's own, where it is 1 to 128 "
    "characters of `[A-Za-z0-9._-]`, else a new one.",
    "schema": {"type": "string"},
}
REQUEST_ID_REF = {"$ref": "#/components/headers/RequestId"}
RETRY_AFTER = {
    "Retry-After": {
        "description": "After how many seconds to try again.",
        "schema": {"type": "integer"},
    }
}
# What some errors have beside it.
HEADERS: dict[int, dict[str, Any]] = {
    412: {
        "ETag": {
            "description": "The entity tag of the current version.",
            "schema": {"type": "string"},
            "example": '"58-3f9a"',
        }
    },
    503: RETRY_AFTER,
}


def problem_type(name: str) -> str:
    """Return the type of a kind of problem (RFC 9457, section 3.1.1), and put it into the list."""
    TYPES.append(f"urn:problem-type:tasks-api:{name}")
    return TYPES[-1]


class Problem(HTTPException):
    """An error to answer with.

    Args:
        status: the HTTP status code.
        detail: one sentence for the person who reads it.
        errors: what is wrong and where: `detail`, and `pointer`, `parameter` or `header`.
        headers: more headers for the answer.
        type: its `problem_type`, where the status doesn't say all.
        members: extension members of the problem (RFC 9457, section 3.2).
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Iterable[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        type: str = BLANK,  # noqa: A002
        **members: Any,
    ) -> None:
        super().__init__(detail)
        self.code = status
        self.type = type
        self.headers = headers or {}
        self.members = {**({"errors": list(errors)} if errors else {}), **members}


def describe(
    status: int, detail: str, request_id: str | None, kind: str = BLANK, **members: Any
) -> dict[str, Any]:
    """Write a problem detail (RFC 9457, section 3): its members, in the order they are read."""
    title = TITLES.get(status) or HTTPStatus(status).phrase
    start = {"type": kind, "title": title, "status": status, "detail": detail}
    return start | members | {"request_id": request_id}


def write_refusal(status: int, detail: str, request_id: str) -> tuple[dict[str, str], bytes]:
    """Write the headers and the body of an answer to a request that the application never saw."""
    body = orjson.dumps(describe(status, detail, request_id))
    return {"Content-Type": "application/problem+json"}, body


def render(error: HTTPException) -> Response:
    """Turn an exception into the answer that a client gets."""
    status = error.code or 500
    detail = DETAILS.get(type(error), error.description or "")
    kind, members = getattr(error, "type", BLANK), getattr(error, "members", {})
    problem = describe(status, detail, request_id(), kind, **members)
    headers = dict(error.get_headers()) | dict(getattr(error, "headers", {}))
    headers["Content-Type"] = "application/problem+json"
    return Response(orjson.dumps(problem), status, headers)


def database_unavailable(_error: DatabaseUnavailable) -> Response:
    """Return the answer to a request that needed the database while it could not be used."""
    detail = "The database can't answer right now; try again in a moment."
    return render(Problem(503, detail, headers={"Retry-After": "1"}))


def responses(*statuses: int) -> dict[int, Any]:
    """Document errors that an operation can answer with; for `blueprint.doc(responses=…)`."""
    return {status: {"$ref": f"#/components/responses/Problem{status}"} for status in statuses}


def document(spec: APISpec) -> None:
    """Put the errors, and the header that every answer has, into the OpenAPI document."""
    spec.components.header("RequestId", REQUEST_ID)
    for status, description in DESCRIPTIONS.items():
        document_response(spec, status, description, HEADERS.get(status))
    for name, response in RESPONSES.items():
        spec.components.response(name, deepcopy(response))


def document_response(
    spec: APISpec, status: int, description: str, headers: Mapping[str, Any] | None = None
) -> None:
    """Put one error into the OpenAPI document, for `responses` to refer to."""
    schema = {"$ref": "#/components/schemas/Problem"}
    spec.components.response(f"Problem{status}", _document(status, description, headers, schema))


def response_with(status: int, schema: type, **members: Any) -> dict[int, Any]:
    """Document an error that has members beside those of all; for `blueprint.doc(responses=…)`.

    Args:
        schema: its shape, a `ProblemSchema`.
        members: an example of those beside.
    """
    name = schema.__name__.removesuffix("Schema")
    RESPONSES[name] = _document(
        status, DESCRIPTIONS[status], HEADERS.get(status), schema, **members
    )
    return {status: {"$ref": f"#/components/responses/{name}"}}


def _document(
    status: int, description: str, headers: Mapping[str, Any] | None, schema: Any, **members: Any
) -> dict[str, Any]:
    example = describe(status, description, "0f8fad5bd9cb469fa16570867728950e", **members)
    return {
        "description": description,
        "headers": {"X-Request-Id": REQUEST_ID_REF, **(headers or {})},
        "content": {"application/problem+json": {"schema": schema, "example": example}},
    }
