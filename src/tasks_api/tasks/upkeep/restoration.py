"""After a restoration, apps copy again: what they know of the time that was lost is void."""

import sqlalchemy as sa
from sqlalchemy import func, select

from tasks_api.database.execution import Database
from tasks_api.database.statements import Statement
from tasks_api.tasks.models import users

# More than a user can write between a backup and the loss (2,500 writes a second for four days),
# and little enough for nine million restorations: JSON's numbers are exact up to 2**53.
FAR = 10**9


# In one transaction: a service that is already running waits, and no user is forgotten.
MOVED = (
    sa.update(users)
    .values(revision=users.c.revision + FAR, purged_revision=users.c.revision + FAR)
    .returning(users.c.id)
    .cte("moved")
)
MOVE_FAR_AHEAD = Statement(select(func.count().label("number")).select_from(MOVED))


def move_far_ahead(database: Database) -> int:
    """Move all counters far ahead, as if all changes up to there had been purged.

    No later revision is one of the lost time, so no entity tag of that time ever matches. Every
    position in a feed is older than the purge, so that each app starts its copy again.

    Returns:
        The number of users.
    """
    [row] = database.execute(MOVE_FAR_AHEAD, {})
    return int(row["number"])
