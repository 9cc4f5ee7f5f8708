"""The bearer token in a request (RFC 6750)."""

from flask import Request

from tasks_api.http.problems import Problem
from tasks_api.http.settings import BEARER_TOKEN


def read_token(req: Request) -> str:
    """Return the token in the header Authorization (RFC 6750, section 2.1).

    Servers join repeated headers with a comma, which no token has.

    Raises:
        Problem: 400 or 401.
    """
    scheme, _, token = req.headers.get("Authorization", "").partition(" ")
    token = token.strip(" ")
    if scheme.lower() != "bearer" or not token:
        raise _unauthorized("A bearer token is required in the header Authorization.")
    if not BEARER_TOKEN.fullmatch(token):
        raise Problem(
            400,
            "The header Authorization is malformed.",
            errors=[{"detail": "Must be `Bearer` and one token.", "header": "Authorization"}],
            headers={"WWW-Authenticate": 'Bearer error="invalid_request"'},
        )
    return token


def invalid_token() -> Problem:
    """Return the answer to a token that is well formed, but not accepted."""
    return _unauthorized("The bearer token is not valid.", "invalid_token")


def _unauthorized(detail: str, error: str = "") -> Problem:
    challenge = f'Bearer error="{error}"' if error else "Bearer"
    return Problem(401, detail, headers={"WWW-Authenticate": challenge})
