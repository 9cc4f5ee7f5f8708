"""The parts of a rule, as its text has them."""

import re
from collections.abc import Mapping
from datetime import date, datetime

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
WEEKDAY = f"({'|'.join(WEEKDAYS)})"
# The form of a value; parts that begin with BY have lists of them.
PARTS = {
    "FREQ": "DAILY|WEEKLY|MONTHLY|YEARLY",
    "INTERVAL": "[1-9][0-9]{0,2}",
    "COUNT": "[1-9][0-9]{0,3}",
    "UNTIL": "[0-9]{8}(T([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]Z)?",
    "BYDAY": f"([+-]?([1-9]|[1-4][0-9]|5[0-3]))?{WEEKDAY}",
    "BYMONTHDAY": "[+-]?([1-9]|[12][0-9]|3[01])",
    "BYMONTH": "([1-9]|1[0-2])",
    "BYSETPOS": "[+-]?([1-9][0-9]?|[12][0-9]{2}|3[0-5][0-9]|36[0-6])",
    "WKST": WEEKDAY,
}
# How many weeks, at most, have the same day in a year, and in a month.
WEEKS_OF_YEAR, WEEKS_OF_MONTH = 53, 5


def read_parts(text: str) -> dict[str, str]:
    """Return the value of each part.

    Raises:
        ValueError: what is wrong, for the author of the rule; this names the part.
    """
    parts: dict[str, str] = {}
    for part in text.split(";"):
        name, _, value = part.partition("=")
        form = PARTS.get(name)
        if form is None:
            raise ValueError(f"{part or 'An empty text'} is none of {', '.join(PARTS)}.")
        if name in parts:
            raise ValueError(f"{name} must be given only once.")
        if not re.fullmatch(f"{form}(,{form})*" if name.startswith("BY") else form, value):
            raise ValueError(f"{name} must not be {value}.")
        parts[name] = value
    _refuse_what_contradicts(parts)
    return parts


def _refuse_what_contradicts(parts: Mapping[str, str]) -> None:
    frequency, days = parts.get("FREQ"), parts.get("BYDAY", "").split(",")
    number = max(int("0" + day[:-2].strip("+-")) for day in days)
    places = [abs(int(place)) for place in parts.get("BYSETPOS", "0").split(",")]
    weekly, by_month = frequency == "WEEKLY", "BYMONTH" in parts
    wrong = {
        "FREQ is missing.": not frequency,
        "COUNT must not be together with UNTIL.": {"COUNT", "UNTIL"} <= parts.keys(),
        # The search for the right week could take long.
        f"INTERVAL must be at most {WEEKS_OF_YEAR} if weekly with BYMONTH.": weekly
        and by_month
        and int(parts.get("INTERVAL", 1)) > WEEKS_OF_YEAR,
        "BYDAY has numbers only if monthly or yearly.": number
        and frequency not in {"MONTHLY", "YEARLY"},
        f"BYDAY has numbers of at most {WEEKS_OF_MONTH} in a month.": number > WEEKS_OF_MONTH
        and (frequency == "MONTHLY" or by_month),
        "BYMONTHDAY must not be weekly.": weekly and "BYMONTHDAY" in parts,
        "BYSETPOS needs BYDAY, BYMONTHDAY or BYMONTH.": "BYSETPOS" in parts
        and parts.keys().isdisjoint({"BYDAY", "BYMONTHDAY", "BYMONTH"}),
        "BYSETPOS must have 1 or -1 if daily.": frequency == "DAILY" and min(places) > 1,
        "BYSETPOS must be a day of BYDAY if weekly.": weekly and min(places) > len(set(days)),
    }
    for detail in filter(wrong.get, wrong):
        raise ValueError(detail)


def read_until(text: str) -> date:
    """Return the day, or the moment, that UNTIL names; raises as `read_parts` does."""
    try:
        return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
    except ValueError:
        raise ValueError("UNTIL is not a date that exists.") from None
