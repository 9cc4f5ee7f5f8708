"""Who may: everything below `/api` needs a bearer token, and a user's paths need that user's.

One object decides what is guarded, checks it and writes it into the OpenAPI document, so that the
three can't come apart.
"""

from __future__ import annotations

import logging
import re
from typing import Any

from apispec import BasePlugin
from flask import Flask, request

from tasks_api.config import Config
from tasks_api.http.problems import Problem, document_response, responses
from tasks_api.http.smorest import Api
from tasks_api.identity.keys import KeysUnavailable
from tasks_api.identity.tokens import InvalidToken, Verifier, verifier_for

GUARDED = "/api"
# RFC 6750, section 2.1.
TOKEN = re.compile("[A-Za-z0-9._~+/-]+=*")

SCHEME = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "A JSON Web Token; its `sub` is the user in the path.",
}
CHALLENGE = {
    "description": "`Bearer`, with `error` where a token was sent (RFC 6750, section 3).",
    "schema": {"type": "string", "example": 'Bearer error="invalid_token"'},
}
UNAUTHORIZED = "There is no valid bearer token."
FORBIDDEN = "The token is another user's."

logger = logging.getLogger("tasks_api.auth")


class Guard(BasePlugin):
    """Checks requests, and as a plugin of the OpenAPI document says of which operations."""

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier

    def operation_helper(self, path: Any = None, operations: Any = None, **_: object) -> None:
        """Say that the operations of a path need a token, where they do."""
        if _is_guarded(path):
            for operation in operations.values():
                operation["security"] = [{"bearerAuth": []}]
                operation["responses"] |= responses(400, 401, 403, 503)

    def check(self) -> None:
        """Let the request pass, or not. Reads its path and one header, never its body.

        Raises:
            Problem: 400, 401, 403 or 503.
        """
        # A preflight can't have a token; what Flask answers to OPTIONS is in the document anyway.
        if not _is_guarded(request.path) or request.method == "OPTIONS":
            return
        token = _bearer_token(request.headers.get("Authorization", ""))
        try:
            caller = self._verifier.user_of(token)
        except InvalidToken as error:
            # One answer to all of them: what exactly was wrong helps whoever is trying.
            logger.info("token refused: %s", error)
            raise _unauthorized("The bearer token is not valid.", "invalid_token") from None
        except KeysUnavailable as error:
            raise Problem(
                503,
                "The token can't be checked right now: its issuer doesn't answer.",
                headers={"Retry-After": str(error.retry_after)},
            ) from None
        # Without view_args there is nothing at this path, and routing says so after us.
        if request.view_args is not None and request.view_args.get("user_id") != caller:
            raise Problem(403, FORBIDDEN)


def init_app(app: Flask, api: Api, config: Config) -> None:
    """Guard what will be registered on the api from now on, and document it; unless `AUTH=none`."""
    if config.auth == "none":
        return
    guard = Guard(verifier_for(config))
    app.before_request(guard.check)
    api.spec.plugins.append(guard)
    api.spec.components.security_scheme("bearerAuth", SCHEME)
    document_response(api.spec, 401, UNAUTHORIZED, {"WWW-Authenticate": CHALLENGE})
    document_response(api.spec, 403, FORBIDDEN)


def _is_guarded(path: str) -> bool:
    return f"{path}/".startswith(f"{GUARDED}/")


def _bearer_token(header: str) -> str:
    """Read the header (RFC 6750, section 2.1); servers join repeated ones with a comma."""
    scheme, _, token = header.partition(" ")
    token = token.strip(" ")
    if scheme.lower() != "bearer" or not token:
        raise _unauthorized("This needs a bearer token, in the header Authorization.")
    if not TOKEN.fullmatch(token):
        raise Problem(
            400,
            "The header Authorization is malformed.",
            errors=[{"detail": "Must be `Bearer` and one token.", "header": "Authorization"}],
            headers={"WWW-Authenticate": 'Bearer error="invalid_request"'},
        )
    return token


def _unauthorized(detail: str, error: str = "") -> Problem:
    challenge = f'Bearer error="{error}"' if error else "Bearer"
    return Problem(401, detail, headers={"WWW-Authenticate": challenge})
