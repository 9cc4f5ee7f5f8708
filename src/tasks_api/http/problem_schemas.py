"""The shape of an error (RFC 9457), for the OpenAPI document."""

from marshmallow import INCLUDE, Schema, fields

from tasks_api.http.fields import Answer, says
from tasks_api.http.problems import TYPES


class ProblemErrorSchema(Schema):
    """One error and its place."""

    detail = fields.String(required=True, metadata=says("What is wrong."))
    pointer = fields.String(
        metadata=says("Where in the body: a JSON Pointer as a fragment (RFC 6901).")
    )
    parameter = fields.String(metadata=says("Which parameter of the query."))
    header = fields.String(metadata=says("Which header."))


class ProblemSchema(Answer):
    """What every error answers with (RFC 9457); it may have more members, such as `check`."""

    class Meta:
        unknown = INCLUDE

    optional: tuple[str, ...] = ("errors",)
    type = fields.String(
        metadata=says("`about:blank`: the status says it. Releases may add types.", enum=TYPES)
    )
    title = fields.String(metadata=says("The name of the status."))
    status = fields.Integer(metadata=says("The status code."))
    detail = fields.String(metadata=says("One sentence on what happened."))
    errors = fields.List(
        fields.Nested(ProblemErrorSchema), metadata=says("What is wrong, and where.")
    )
    request_id = fields.String(metadata=says("The id of this request in the service's log."))
