"""A rule: reading it, and the first occurrence after a day or a moment."""

import re
from calendar import isleap, monthrange
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, cast

from dateutil.rrule import MONTHLY, rrule, rrulestr

from recurrence_rules.parts import WEEKDAYS, WEEKS_OF_MONTH, WEEKS_OF_YEAR, read_parts, read_until

# How many months are looked at: those of 41 years, because after a 29 February that is a Monday,
# say, the next may come only in 40 years.
MONTHS_MAX = 41 * 12
# Months are counted from year 0, and this one is too late.
MONTHS_END = 10_000 * 12


class Rule:
    """A rule about days.

    Raises:
        ValueError: what is wrong with its text, for the author; this names the part.
    """

    def __init__(self, text: str) -> None:
        parts = read_parts(text)
        self.count, self.interval = int(parts.pop("COUNT", 0)), int(parts.pop("INTERVAL", 1))
        self.until = read_until(parts.pop("UNTIL")) if "UNTIL" in parts else None
        self.frequency, self.given = parts["FREQ"], parts.keys()
        self.months = {int(month) for month in parts.get("BYMONTH", "").split(",") if month}
        self.week_start = WEEKDAYS.index(parts.setdefault("WKST", "MO"))
        if re.search("[0-9]", parts.get("BYDAY", "")):
            # One without a number stands for each; rrule takes it for a condition of the others.
            in_months = self.months or self.frequency == "MONTHLY"
            most = WEEKS_OF_MONTH if in_months else WEEKS_OF_YEAR
            each = ",".join(rf"{number}\g<0>" for number in range(1, most + 1))
            parts["BYDAY"] = re.sub(r"\b[A-Z]{2}", each, parts["BYDAY"])
        self.rule = cast("rrule", rrulestr(";".join(map("=".join, parts.items()))))
        if next(self._days(date(2000, 1, 1), date(2000, 1, 1), interval=1), None) is None:
            raise ValueError(f"FREQ={self.frequency} never comes with these other parts.")

    def next(self, start: date, zone: tzinfo, moment: datetime) -> date | None:
        """Return the first occurrence after both the start and a moment, whatever COUNT says.

        A time of day that clocks skip counts as if they hadn't been changed yet, and one that they
        show twice is the first of the two (section 3.3.5).

        Args:
            start: the rule's DTSTART: a day; or a moment, and then the occurrence is one in UTC.
            zone: by its clock, moments recur and have their day.
        """
        try:
            today = moment.astimezone(zone).date()
            local = start.astimezone(zone) if isinstance(start, datetime) else None
            first = local.date() if local else start
            for day in self._days(first, max(first, today), self.interval):
                found: date = day
                if local:
                    clock = local.timetz().replace(fold=0)
                    found = datetime.combine(day, clock).astimezone(UTC)
                if found > start and found > (moment if local else today):
                    return None if self._ended(day, found) else found
        except OverflowError:
            # The calendar begins or ends there.
            pass
        return None

    def _ended(self, day: date, found: date) -> bool:
        """Return whether UNTIL was before an occurrence, or its day."""
        if isinstance(self.until, datetime):
            return found > self.until if isinstance(found, datetime) else day > self.until.date()
        return self.until is not None and day > self.until

    def _days(self, start: date, since: date, interval: int) -> Iterator[date]:
        """Yield the days from `since` on, which isn't before the start."""
        rule = self._started(start)
        if self.frequency == "WEEKLY":
            week = start - timedelta((start.weekday() - self.week_start) % 7)
            weeks = timedelta(7 * interval)
            found = rule.replace(dtstart=week + (since - week) // weeks * weeks, interval=interval)
            return (day for day in map(datetime.date, found) if day >= since)
        length = 12 if self.frequency == "YEARLY" else 1
        first, step = _month(start) // length * length, length * interval
        if self.frequency == "DAILY":
            step = 1
        first += (_month(since) - first) // step * step
        months: Sequence[int] = range(first, MONTHS_END, step)[: MONTHS_MAX // length]
        if self.months and length == 1:
            months = [month for month in months if month % 12 + 1 in self.months]
        days = _in_periods(rule, months, length)
        if self.frequency == "DAILY":
            origin = start.toordinal()
            days = (day for day in days if (day - origin) % interval == 0)
        return (date.fromordinal(day) for day in days if day >= since.toordinal())

    def _started(self, start: date) -> rrule:
        """Return the rule with what it leaves to its start."""
        given: dict[str, Any] = {}
        is_open = self.given.isdisjoint({"BYDAY", "BYMONTHDAY"})
        if self.frequency == "DAILY":
            # All days of each month, each of which is the first and the last of its period.
            given = {"freq": MONTHLY, "bysetpos": None}
            if is_open:
                given["bymonthday"] = range(1, 32)
        elif is_open and self.frequency == "WEEKLY":
            given = {"byweekday": start.weekday()}
        elif is_open:
            given = {"bymonthday": start.day}
            if self.frequency == "YEARLY":
                given["bymonth"] = self.months or start.month
        return self.rule.replace(**given)


def _in_periods(rule: rrule, months: Iterable[int], length: int) -> Iterator[int]:
    """Yield the days of periods of one month or twelve, which begin with these; see `toordinal`.

    Where no day fits, rrule can't be stopped before the year 9999. So it gets one period at a time,
    with an interval that leads beyond; and what it says goes for all periods of this kind.
    """
    known: dict[tuple[int, int], list[int]] = {}
    for month in months:
        first = datetime(month // 12, month % 12 + 1, 1)  # noqa: DTZ001
        number = monthrange(first.year, first.month)[1] if length == 1 else isleap(first.year)
        kind = first.weekday(), number
        if kind not in known:
            found = rule.replace(dtstart=first, interval=MONTHS_END)
            known[kind] = [(day - first).days for day in found]
        if known[kind]:
            before = first.toordinal()
            yield from (before + days for days in known[kind])


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1
