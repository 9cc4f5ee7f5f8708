"""The user of a token, for clients that don't know the id in their paths."""

from uuid import UUID

from flask import Response
from marshmallow import Schema, fields

from tasks_api.http.problems import responses
from tasks_api.http.smorest import Blueprint
from tasks_api.identity.guard import any_user, caller

EXAMPLE = {"user_id": "6f1d6a3e-52a4-4a8e-9a57-0d2c8f0b7e11"}

blueprint = Blueprint("me", __name__, url_prefix="/api", description="The user of the token.")


@blueprint.after_request
def forbid_copies(response: Response) -> Response:
    """Keep the answer out of caches: it differs from token to token."""
    response.headers["Cache-Control"] = "no-store"
    return response


class MeSchema(Schema):
    """The user of a token."""

    user_id = fields.UUID(
        required=True, metadata={"description": "The `user_id` in the paths that the token opens."}
    )


@blueprint.route("/me")
@blueprint.response(200, MeSchema(), description="The user of the token.", example=EXAMPLE)
@blueprint.doc(operationId="getMe", responses=responses(422, 500))
@any_user
def get_me() -> dict[str, UUID | None]:
    """Return the user of the token

    The id that stands in this user's paths. Not every issuer's tokens have it as it is.
    """
    return {"user_id": caller()}
