"""Idempotency-Key: a request with the same key is done once, and a repeat finds what it made."""

import hashlib
from typing import Any

import orjson
import sqlalchemy as sa
from marshmallow import fields
from marshmallow.validate import Regexp
from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from tasks_api.database.statements import Row, Statement
from tasks_api.http.fields import Strict, says
from tasks_api.http.problems import Problem, problem_type
from tasks_api.tasks.columns import LIVE, TASK_COLUMNS, USER_ID
from tasks_api.tasks.models import idempotency_keys, tasks
from tasks_api.tasks.replies import TASK_DELETED

KEY_REUSED = problem_type("idempotency-key-reused")
KEY = bindparam("key", type_=idempotency_keys.c.key.type)


class IdempotencyKeySchema(Strict):
    """A request that may be repeated, and is done once."""

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
        # Each operation has another one, as each request has.
        key.metadata = {**key.metadata, "example": example}


def claim(source: sa.FromClause) -> sa.CTE:
    """Write the key, if `source` has a row and the key is new. Return a CTE that has one then.

    A repeat at the same time waits here.
    """
    values = {
        "user_id": USER_ID,
        "key": KEY,
        "fingerprint": bindparam("fingerprint", type_=idempotency_keys.c.fingerprint.type),
        "task_ids": bindparam("task_ids", type_=idempotency_keys.c.task_ids.type),
    }
    return (
        insert(idempotency_keys)
        .from_select(list(values), select(*values.values()).select_from(source))
        .on_conflict_do_nothing()
        .returning(idempotency_keys.c.user_id)
        .cte("claim")
    )


REPLAY = Statement(
    select(
        *TASK_COLUMNS,
        idempotency_keys.c.fingerprint,
        func.cardinality(idempotency_keys.c.task_ids).label("number"),
    )
    .select_from(
        idempotency_keys.outerjoin(
            tasks,
            sa.and_(
                tasks.c.user_id == USER_ID, tasks.c.id == sa.any_(idempotency_keys.c.task_ids), LIVE
            ),
        )
    )
    .where(idempotency_keys.c.user_id == USER_ID, idempotency_keys.c.key == KEY)
    .order_by(func.array_position(idempotency_keys.c.task_ids, tasks.c.id))
)


def fingerprint_of(body: Any) -> str:
    """Return a hash of a body, the same for each order of its members."""
    return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()


def replayed(rows: list[Row], fingerprint: str) -> list[Row]:
    """Return the tasks that the first request with a key has created, from the rows of `REPLAY`.

    Raises:
        Problem: 422, the key was used for another request; 410, what it created is deleted.
    """
    number = 0
    for row in rows:
        if row.pop("fingerprint") != fingerprint:
            detail = "This Idempotency-Key was used for another request."
            raise Problem(422, detail, type=KEY_REUSED)
        number = row.pop("number")
    if not rows or rows[0]["id"] is None or len(rows) < number:
        detail = "What was created with this Idempotency-Key is deleted."
        raise Problem(410, detail, type=TASK_DELETED)
    return rows
