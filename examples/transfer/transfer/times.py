"""When a task is due, and how it recurs."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from transfer.intake import Intake
from transfer.service import Change, Result

# The parts of RFC 5545, section 3.3.10, that the service has; it judges their values.
RULE = re.compile(
    r"FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)"
    r"(;(INTERVAL|BYDAY|BYMONTHDAY|BYMONTH|BYSETPOS|WKST|UNTIL|COUNT)=[^;]+)*"
)
RULE_MAX = 200


def zone_named(name: str) -> ZoneInfo:
    """Return a zone of IANA's.

    Raises:
        ValueError: there is none of this name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is no time zone such as Europe/Berlin") from None


def due(intake: Intake, when: date, zone: str | None = None) -> dict[str, str]:
    """Return the members for a due day or moment; a time without a zone is in the default."""
    if not isinstance(when, datetime):
        return {"due_on": when.isoformat()}
    if when.tzinfo is None:
        if zone is None:
            intake.counts[f"time without a zone: read as {intake.zone}"] += 1
        when = when.replace(tzinfo=zone_named(zone) if zone else intake.zone)
    name = getattr(when.tzinfo, "key", None)
    return {"due_at": when.astimezone(UTC).isoformat()} | ({"time_zone": name} if name else {})


def can_recur(members: Mapping[str, Any]) -> bool:
    """Whether a task can keep its recurrence."""
    rule = members["recurrence"]
    has_due = members.get("due_on") or members.get("due_at")
    # A completed one would leave the next one, which its app has already.
    return bool(
        has_due and not members.get("completed") and len(rule) <= RULE_MAX and RULE.fullmatch(rule)
    )


def describe_rule(intake: Intake, members: dict[str, Any]) -> None:
    """Move a recurrence that can't come in to the description."""
    intake.counts["recurrence: in the description"] += 1
    members.pop("time_zone", None)
    text = f"{members.get('description') or ''}\nRecurrence: {members.pop('recurrence', '')}"
    members["description"] = text.strip()


def is_about_recurrence(change: Change, result: Result) -> bool:
    """Whether the service refuses nothing of a change but its recurrence."""
    pointers = (error.get("pointer", "") for error in result.get("errors", ()))
    members = {str(pointer).rpartition("/")[2] for pointer in pointers}
    refused: bool = result["status"] == 422
    return refused and members <= {"recurrence", "time_zone"} & change["set"].keys()
