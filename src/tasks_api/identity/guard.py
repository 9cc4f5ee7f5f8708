"""Everything below `/api` needs a bearer token, and a user's paths need that user's token.

One object checks this and writes it into the OpenAPI document, by one rule for what is guarded, so
that the check and the document can't disagree.
"""

import logging
import math
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from apispec import BasePlugin
from flask import Flask, Response, g, request
from marshmallow import fields

from issuer_keys.keys import KeysUnavailable
from tasks_api.http import bearer
from tasks_api.http.fields import Answer, says
from tasks_api.http.problems import Problem, document_response, responses
from tasks_api.http.smorest import Api, Blueprint
from tasks_api.identity.tokens import InvalidToken, Verifier

GUARDED = "/api"
ME_EXAMPLE = {"user_id": "6f1d6a3e-52a4-4a8e-9a57-0d2c8f0b7e11"}

SCHEME = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "A JSON Web Token of the user in the path.",
}
CHALLENGE = {
    "description": "`Bearer`, with `error` where a token was sent (RFC 6750, section 3).",
    "schema": {"type": "string", "example": 'Bearer error="invalid_token"'},
}
UNAUTHORIZED = "The request has no valid bearer token."
FORBIDDEN = "The token belongs to another user."

logger = logging.getLogger("tasks_api.auth")


class Guard(BasePlugin):
    """Checks requests, and documents which operations are checked as a plugin of apispec."""

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier

    def operation_helper(
        self, path: str | None = None, operations: dict[str, Any] | None = None, **_: object
    ) -> None:
        """Document that the operations of a guarded path need a token."""
        if path and operations and _is_guarded(path):
            for operation in operations.values():
                operation["security"] = [{"bearerAuth": []}]
                forbidden = (403,) if "{user_id}" in path else ()
                operation["responses"] |= responses(400, 401, *forbidden, 503)

    def check(self) -> None:
        """Refuse a request without its user's token. Reads the path and one header, not the body.

        Raises:
            Problem: 400, 401, 403 or 503.
        """
        # A browser sends no token with a preflight, and the answer to OPTIONS is not a secret.
        if not _is_guarded(request.path) or request.method == "OPTIONS":
            return
        token = bearer.read_token(request)
        try:
            caller = self._verifier.user_of(token)
        except InvalidToken as error:
            # The same answer for each reason: the exact one would help somebody who is guessing.
            logger.info("token refused: %s", error)
            raise bearer.invalid_token() from None
        except KeysUnavailable as error:
            raise Problem(
                503,
                "The token can't be checked right now: the issuer can't be asked for its key.",
                headers={"Retry-After": str(error.retry_after)},
            ) from None
        g.user_id = caller
        g.seconds_left = partial(self._verifier.seconds_left, token)
        # Without view_args no route matched, and Flask answers with a 404 or 405 after this.
        if request.view_args is None:
            return
        if request.view_args.get("user_id") != caller and request.blueprint != blueprint.name:
            raise Problem(403, FORBIDDEN)


def caller() -> Any:
    """Return the id of the request's user, once their token was checked; else None."""
    return g.get("user_id")


def seconds_left() -> Callable[[], float]:
    """Return what tells, later, for how many seconds the request's token is still good."""
    left: Callable[[], float] = g.get("seconds_left", lambda: math.inf)
    return left


def init_app(app: Flask, api: Api, verifier: Verifier) -> None:
    """Guard the blueprints that are registered after this."""
    guard = Guard(verifier)
    app.before_request(guard.check)
    api.spec.plugins.append(guard)
    api.spec.components.security_scheme("bearerAuth", SCHEME)
    document_response(api.spec, 401, UNAUTHORIZED, {"WWW-Authenticate": CHALLENGE})
    document_response(api.spec, 403, FORBIDDEN)
    api.register_blueprint(blueprint)


def _is_guarded(path: str) -> bool:
    return f"{path}/".startswith(f"{GUARDED}/")


# About the token's user, so any valid token opens it.
blueprint = Blueprint("me", __name__, url_prefix="/api", description="The user of the token.")


@blueprint.after_request
def forbid_copies(response: Response) -> Response:
    """Keep the answer out of caches: it differs from token to token."""
    response.headers["Cache-Control"] = "no-store"
    return response


class MeSchema(Answer):
    """The user of a token."""

    user_id = fields.UUID(metadata=says("The `user_id` in the paths that the token opens."))


@blueprint.route("/me")
@blueprint.response(200, MeSchema(), description="The user of the token.", example=ME_EXAMPLE)
@blueprint.doc(operationId="getMe", responses=responses(422, 500))
def get_me() -> dict[str, UUID]:
    """Return the user of the token

    Its `user_id` stands in all paths of this user. Not every issuer's tokens have it as it is.
    """
    return {"user_id": caller()}
