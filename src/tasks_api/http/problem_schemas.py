"""The shape of an error (RFC 9457), for the OpenAPI document."""

from marshmallow import INCLUDE, Schema, fields

from tasks_api.http.problems import TYPES


class ProblemErrorSchema(Schema):
    """One error and its place."""

    detail = fields.String(required=True, metadata={"description": "What is wrong."})
    pointer = fields.String(
        metadata={"description": "Where in the body: a JSON Pointer as a fragment (RFC 6901)."}
    )
    parameter = fields.String(metadata={"description": "Which parameter of the query."})
    header = fields.String(metadata={"description": "Which header."})


class ProblemSchema(Schema):
    """What every error answers with (RFC 9457); it may have more members, such as `check`."""

    class Meta:
        unknown = INCLUDE

    type = fields.String(
        required=True,
        metadata={
            "description": "`about:blank`: the status says it. Releases may add types.",
            "enum": TYPES,
        },
    )
    title = fields.String(required=True, metadata={"description": "The name of the status."})
    status = fields.Integer(required=True, metadata={"description": "The status code."})
    detail = fields.String(
        required=True, metadata={"description": "One sentence on what happened."}
    )
    errors = fields.List(
        fields.Nested(ProblemErrorSchema),
        metadata={"description": "What is wrong, and where."},
    )
    request_id = fields.String(
        required=True, metadata={"description": "The id of this request in the service's log."}
    )
