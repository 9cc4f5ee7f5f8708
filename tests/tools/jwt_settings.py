"""Settings under which tokens are needed, said once: for the environment and for `Config`."""

import time
from collections.abc import Mapping
from typing import Any

import jwt

SECRET = "a secret of thirty-two bytes, no?"
ISSUER = "https://issuer.example"
AUDIENCE = "tasks"


def jwt_environ(issuer: str = ISSUER, audience: str = AUDIENCE, **source: str) -> dict[str, str]:
    """Return the environment; `source` is where the keys come from."""
    return {"AUTH": "jwt", "JWT_ISSUER": issuer, "JWT_AUDIENCE": audience, **source}


def as_fields(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the same as keywords of `Config`."""
    fields: dict[str, Any] = {name.lower(): value for name, value in environ.items()}
    return fields | {name: fields[name].encode() for name in fields.keys() & {"jwt_secret"}}


WITH_SECRET = jwt_environ(JWT_SECRET=SECRET)
WITH_JWKS = jwt_environ(JWT_JWKS_URL=f"{ISSUER}/api/auth/jwks")


def token_of(user: str) -> str:
    """Return a token of a user under the settings `WITH_SECRET`."""
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": user, "iat": now, "exp": now + 600}
    return jwt.encode(claims, SECRET, "HS256")
