"""Shapes of requests about one task, beside the task itself."""

from marshmallow import fields
from marshmallow.validate import Regexp

from tasks_api.http.fields import Boolean, Strict
from tasks_api.tasks.schemas import ReadOnlyFields, says


class CompletionSchema(ReadOnlyFields):
    """Whether the task is done. Without it, `completed` is flipped."""

    optional_body = True
    completed = Boolean(metadata=says("Set `completed` to this, instead of flipping it."))


class IdempotencyKeySchema(Strict):
    """A request that may be repeated, and is done once.

    Args:
        example: a key. Each operation has another one, as each request has.
    """

    key = fields.String(
        data_key="Idempotency-Key",
        # A plain None would be documented, as if the header could be null.
        load_default=lambda: None,
        validate=Regexp(r"[!-~]{1,255}\Z", error="Must be 1 to 255 visible ASCII characters."),
        metadata=says(
            "Any string of your own that is new for each task: repeat the request with it as often "
            "as you like, it is done once. Kept for at least 24 hours.",
            minLength=1,
            maxLength=255,
            pattern="^[!-~]+$",
        ),
    )

    def __init__(self, example: str) -> None:
        super().__init__()
        key = self.fields["key"]
        key.metadata = {**key.metadata, "example": example}
