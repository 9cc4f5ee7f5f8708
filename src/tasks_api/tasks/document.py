"""How the OpenAPI document begins; the rest comes from what is registered on the Api."""

from importlib.metadata import version

DESCRIPTION = """\
Tasks of users. A user is a UUID; nobody registers, the first write makes the user.

Each user has one counter. Every write of theirs takes the counter's next value, and the task that
was written carries it as its `revision`: it is the task's version, and the order of all changes.

Errors are `application/problem+json` (RFC 9457): `errors` says what is wrong and where. Read-only
members in a body are ignored, so that you may send back what you got; any other unknown member or
parameter is refused.
"""
DOCUMENT = {
    "title": "Task API",
    "version": version("tasks-api"),
    "openapi_version": "3.0.3",
    "info": {
        "description": DESCRIPTION,
        "license": {"name": "MIT", "url": "https://opensource.org/license/mit"},
        "contact": {"name": "The maintainers"},
    },
    "servers": [{"url": "/"}],
    "security": [],
}
