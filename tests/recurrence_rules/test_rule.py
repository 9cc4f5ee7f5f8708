"""Recurrence rules: the RFC's own examples, clocks that change, and what is refused."""

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from recurrence_rules.parts import WEEKDAYS
from recurrence_rules.rule import Rule

NEW_YORK = ZoneInfo("America/New_York")


def days(text: str) -> list[date]:
    """Read `1997: Sep 2 4, Oct 1; 1998: Jan 5`."""
    found = []
    for year in text.split("; "):
        number, _, months = year.partition(": ")
        for month in months.split(", "):
            name, *numbers = month.split(" ")
            place = "JanFebMarAprMayJunJulAugSepOctNovDec".index(name) // 3 + 1
            found += [date(int(number), place, int(day)) for day in numbers]
    return found


def walk(rule: Rule, start: date, number: int) -> list[date]:
    """Follow a rule from one day to the next, as someone who is always in time."""
    found: list[date] = []
    while len(found) < number:
        moment = datetime.combine(found[-1] if found else start, time(), UTC)
        after = rule.next(start, UTC, moment)
        if after is None:
            break
        found.append(after)
    return found


# RFC 5545, section 3.8.5.3, in its order; its first day is the start. Left out are those of parts
# that aren't there, and what an UNTIL or a COUNT ends is told by days alone.
EXAMPLES = [
    ("FREQ=DAILY", "1997: Sep 2 3 4 5 6 7 8 9 10 11"),
    ("FREQ=DAILY;UNTIL=19970905", "1997: Sep 2 3 4 5"),
    ("FREQ=DAILY;INTERVAL=2", "1997: Sep 2 4 6 8 10 12 14 16 18 20 22 24 26 28 30, Oct 2 4 6"),
    ("FREQ=DAILY;INTERVAL=10", "1997: Sep 2 12 22, Oct 2 12"),
    (
        "FREQ=YEARLY;UNTIL=20000131;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA",
        "1998: Jan " + " ".join(map(str, range(1, 32))) + "; 1999: Jan 1 2 3",
    ),
    (
        "FREQ=DAILY;UNTIL=20000131;BYMONTH=1",
        "1998: Jan " + " ".join(map(str, range(1, 32))) + "; 1999: Jan 1 2 3",
    ),
    ("FREQ=WEEKLY", "1997: Sep 2 9 16 23 30, Oct 7 14 21 28, Nov 4"),
    (
        "FREQ=WEEKLY;INTERVAL=2;WKST=SU",
        "1997: Sep 2 16 30, Oct 14 28, Nov 11 25, Dec 9 23; 1998: Jan 6 20, Feb 3 17",
    ),
    (
        "FREQ=WEEKLY;UNTIL=19971007;WKST=SU;BYDAY=TU,TH",
        "1997: Sep 2 4 9 11 16 18 23 25 30, Oct 2 7",
    ),
    (
        "FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224;WKST=SU;BYDAY=MO,WE,FR",
        "1997: Sep 1 3 5 15 17 19 29, Oct 1 3 13 15 17 27 29 31, Nov 10 12 14 24 26 28,"
        " Dec 8 10 12 22 24",
    ),
    ("FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=TU,TH", "1997: Sep 2 4 16 18 30, Oct 2 14 16"),
    (
        "FREQ=MONTHLY;BYDAY=1FR",
        "1997: Sep 5, Oct 3, Nov 7, Dec 5; 1998: Jan 2, Feb 6, Mar 6, Apr 3, May 1, Jun 5",
    ),
    ("FREQ=MONTHLY;UNTIL=19971224;BYDAY=1FR", "1997: Sep 5, Oct 3, Nov 7, Dec 5"),
    (
        "FREQ=MONTHLY;INTERVAL=2;BYDAY=1SU,-1SU",
        "1997: Sep 7 28, Nov 2 30; 1998: Jan 4 25, Mar 1 29, May 3 31",
    ),
    (
        "FREQ=MONTHLY;BYDAY=-2MO",
        "1997: Sep 22, Oct 20, Nov 17, Dec 22; 1998: Jan 19, Feb 16",
    ),
    (
        "FREQ=MONTHLY;BYMONTHDAY=-3",
        "1997: Sep 28, Oct 29, Nov 28, Dec 29; 1998: Jan 29, Feb 26",
    ),
    (
        "FREQ=MONTHLY;BYMONTHDAY=2,15",
        "1997: Sep 2 15, Oct 2 15, Nov 2 15, Dec 2 15; 1998: Jan 2 15",
    ),
    (
        "FREQ=MONTHLY;BYMONTHDAY=1,-1",
        "1997: Sep 30, Oct 1 31, Nov 1 30, Dec 1 31; 1998: Jan 1 31, Feb 1",
    ),
    (
        "FREQ=MONTHLY;INTERVAL=18;BYMONTHDAY=10,11,12,13,14,15",
        "1997: Sep 10 11 12 13 14 15; 1999: Mar 10 11 12 13",
    ),
    (
        "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU",
        "1997: Sep 2 9 16 23 30, Nov 4 11 18 25; 1998: Jan 6 13 20 27, Mar 3 10 17 24 31",
    ),
    (
        "FREQ=YEARLY;BYMONTH=6,7",
        "1997: Jun 10, Jul 10; 1998: Jun 10, Jul 10; 1999: Jun 10, Jul 10; 2000: Jun 10, Jul 10",
    ),
    (
        "FREQ=YEARLY;INTERVAL=2;BYMONTH=1,2,3",
        "1997: Mar 10; 1999: Jan 10, Feb 10, Mar 10; 2001: Jan 10, Feb 10, Mar 10; 2003: Jan 10",
    ),
    ("FREQ=YEARLY;BYDAY=20MO", "1997: May 19; 1998: May 18; 1999: May 17"),
    (
        "FREQ=YEARLY;BYMONTH=3;BYDAY=TH",
        "1997: Mar 13 20 27; 1998: Mar 5 12 19 26; 1999: Mar 4 11 18 25",
    ),
    (
        "FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8",
        "1997: Jun 5 12 19 26, Jul 3 10 17 24 31, Aug 7 14 21 28; 1998: Jun 4 11",
    ),
    (
        "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
        "1997: Jun 13; 1998: Feb 13, Mar 13, Nov 13; 1999: Aug 13; 2000: Oct 13",
    ),
    (
        "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
        "1997: Sep 13, Oct 11, Nov 8, Dec 13; 1998: Jan 10, Feb 7, Mar 7, Apr 11, May 9, Jun 13",
    ),
    (
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
        "1996: Nov 5; 2000: Nov 7; 2004: Nov 2",
    ),
    ("FREQ=MONTHLY;BYDAY=TU,WE,TH;BYSETPOS=3", "1997: Sep 4, Oct 7, Nov 6"),
    (
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
        "1997: Sep 29, Oct 30, Nov 27, Dec 30; 1998: Jan 29, Feb 26, Mar 30",
    ),
    ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=MO", "1997: Aug 5 10 19 24"),
    ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU", "1997: Aug 5 17 19 31"),
    ("FREQ=MONTHLY;BYMONTHDAY=15,30", "2007: Jan 15 30, Feb 15, Mar 15 30"),
]
# What users ask for, and the ends of months and years.
MORE = [
    ("FREQ=MONTHLY", "2026: Jan 31, Mar 31, May 31, Jul 31, Aug 31, Oct 31, Dec 31"),
    ("FREQ=MONTHLY;BYMONTHDAY=-1", "2027: Dec 31; 2028: Jan 31, Feb 29, Mar 31"),
    ("FREQ=YEARLY", "2096: Feb 29; 2104: Feb 29"),
    ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", "2072: Feb 29; 2112: Feb 29"),
    ("FREQ=MONTHLY;BYDAY=-1FR", "2026: Jan 30, Feb 27, Mar 27, Apr 24, May 29"),
    ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "2026: Jul 30 31, Aug 3 4 5 6 7 10"),
    ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "2026: Jul 30 31, Aug 3 4 5 6 7 10"),
    ("FREQ=MONTHLY;BYDAY=5MO", "2026: Mar 30, Jun 29, Aug 31, Nov 30"),
    ("FREQ=MONTHLY;BYDAY=MO,1TU", "2026: Jan 5 6 12 19 26, Feb 2 3 9"),
    ("FREQ=YEARLY;BYDAY=53MO", "2018: Dec 31; 2024: Dec 30; 2029: Dec 31"),
    ("FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=366", "2096: Dec 31; 2104: Dec 31"),
    ("FREQ=YEARLY;BYMONTHDAY=13", "2026: Jan 13, Feb 13, Mar 13"),
    ("FREQ=WEEKLY;BYDAY=MO,TU,WE;BYSETPOS=2", "2000: Feb 1 8 15"),
    ("FREQ=WEEKLY;BYDAY=SA,SU;BYSETPOS=1;WKST=SU", "2026: Mar 1 8 15"),
    ("FREQ=WEEKLY;INTERVAL=999;BYDAY=FR,SA", "2026: Jan 2 3; 2045: Feb 24 25"),
    ("FREQ=YEARLY;INTERVAL=999", "1000: Feb 3; 1999: Feb 3; 2998: Feb 3; 3997: Feb 3"),
    ("FREQ=DAILY;BYDAY=MO;BYSETPOS=-1", "2026: Jan 5 12 19"),
    ("FREQ=DAILY", "9999: Dec 29 30 31"),
    ("FREQ=WEEKLY;WKST=SU;BYDAY=MO", "0001: Jan 8 15 22"),
    ("FREQ=YEARLY;BYDAY=MO,53TU", "2024: Dec 2 9 16 23 30 31; 2025: Jan 6"),
]


@pytest.mark.parametrize(("text", "expected"), EXAMPLES + MORE)
def test_rule_leads_from_each_day_to_the_next(text, expected):
    first, *others = days(expected)
    assert walk(Rule(text), first, len(others)) == others


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("FREQ=DAILY;UNTIL=20260110", date(2026, 1, 10)),
        ("FREQ=DAILY;UNTIL=20260101", date(2026, 1, 10)),
        ("FREQ=DAILY", date(9999, 12, 31)),
        ("FREQ=WEEKLY;BYDAY=MO", date(9999, 12, 31)),
        ("FREQ=YEARLY;INTERVAL=4", date(9996, 2, 29)),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=MO", date(2026, 1, 6)),
        ("FREQ=MONTHLY;INTERVAL=12;BYMONTH=2", date(2026, 1, 6)),
        ("FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29", date(2026, 1, 6)),
        ("FREQ=YEARLY;BYMONTH=2", date(2026, 1, 30)),
    ],
)
def test_there_is_nothing_after_the_last(text, start):
    assert walk(Rule(text), start, 1) == []


def test_until_is_a_moment_for_moments_and_may_be_met_itself():
    rule = Rule("FREQ=DAILY;UNTIL=20260111T080000Z")
    start = datetime(2026, 1, 10, 8, tzinfo=UTC)
    assert rule.next(start, UTC, start) == datetime(2026, 1, 11, 8, tzinfo=UTC)
    later = start + timedelta(seconds=1)
    assert rule.next(later, UTC, later) is None


@pytest.mark.parametrize(
    ("until", "zone", "last"),
    [
        ("20260111", "Europe/Berlin", datetime(2026, 1, 11, 12, tzinfo=UTC)),
        # There it is the 12th.
        ("20260111", "Pacific/Kiritimati", datetime(2026, 1, 10, 12, tzinfo=UTC)),
        ("20260112", "Pacific/Kiritimati", datetime(2026, 1, 11, 12, tzinfo=UTC)),
        ("20260111T000000Z", "Europe/Berlin", date(2026, 1, 11)),
    ],
)
def test_until_that_is_no_moment_for_moments_or_one_for_days_counts_by_its_day(until, zone, last):
    rule = Rule(f"FREQ=DAILY;UNTIL={until}")
    before = last - timedelta(days=1)
    early = datetime(2025, 1, 1, tzinfo=UTC)
    assert rule.next(before, ZoneInfo(zone), early) == last
    assert rule.next(last, ZoneInfo(zone), early) is None


def test_occurrences_that_were_missed_are_left_out_in_step():
    rule, start = Rule("FREQ=WEEKLY;INTERVAL=2"), date(2026, 1, 2)
    for completed, expected in [(2, 16), (15, 16), (16, 30), (29, 30)]:
        moment = datetime(2026, 1, completed, 23, 59, tzinfo=UTC)
        assert rule.next(start, UTC, moment) == date(2026, 1, expected)


def test_day_of_the_completion_is_that_of_the_clock_there():
    """At 22:30 in UTC it is the next day in Berlin, and still the same in New York."""
    rule, start = Rule("FREQ=DAILY"), date(2026, 7, 1)
    moment = datetime(2026, 7, 10, 22, 30, tzinfo=UTC)
    assert rule.next(start, UTC, moment) == date(2026, 7, 11)
    assert rule.next(start, ZoneInfo("Europe/Berlin"), moment) == date(2026, 7, 12)
    assert rule.next(start, NEW_YORK, moment) == date(2026, 7, 11)
    assert rule.next(date(2026, 8, 1), NEW_YORK, moment) == date(2026, 8, 2)


def test_what_is_overdue_is_due_later_on_the_same_day_if_its_time_is_to_come():
    rule, start = Rule("FREQ=DAILY"), datetime(2026, 1, 1, 9, tzinfo=UTC)
    before, after = datetime(2026, 1, 8, 8, tzinfo=UTC), datetime(2026, 1, 8, 9, tzinfo=UTC)
    assert rule.next(start, UTC, before) == datetime(2026, 1, 8, 9, tzinfo=UTC)
    assert rule.next(start, UTC, after) == datetime(2026, 1, 9, 9, tzinfo=UTC)


# From, then the next days, all in UTC: the clock stays the same while the offset changes.
CLOCKS = [
    ("Europe/Berlin", "2026-03-28T08:00", "2026-03-29T07:00 2026-03-30T07:00"),
    ("Europe/Berlin", "2026-10-24T07:00", "2026-10-25T08:00 2026-10-26T08:00"),
    ("America/New_York", "2026-03-07T14:00", "2026-03-08T13:00 2026-03-09T13:00"),
    ("America/New_York", "2026-10-31T13:00", "2026-11-01T14:00 2026-11-02T14:00"),
    # By half an hour, from +11:00 to +10:30 and back.
    ("Australia/Lord_Howe", "2026-04-03T22:00", "2026-04-04T22:30 2026-04-05T22:30"),
    ("Australia/Lord_Howe", "2026-10-02T22:30", "2026-10-03T22:00 2026-10-04T22:00"),
    # 2:30 doesn't exist on this day: it is read by the offset before (section 3.3.5).
    ("Europe/Berlin", "2026-03-28T01:30", "2026-03-29T01:30"),
    ("America/New_York", "2026-03-07T07:30", "2026-03-08T07:30"),
    ("Australia/Lord_Howe", "2026-10-02T15:45", "2026-10-03T15:45"),
    # 2:30, 1:30 and 1:45 are there twice: the first one counts.
    ("Europe/Berlin", "2026-10-24T00:30", "2026-10-25T00:30 2026-10-26T01:30"),
    ("America/New_York", "2026-10-31T05:30", "2026-11-01T05:30 2026-11-02T06:30"),
    ("Australia/Lord_Howe", "2026-04-03T14:45", "2026-04-04T14:45 2026-04-05T15:15"),
    # Also after the second one.
    ("America/New_York", "2025-11-02T06:30", "2025-11-03T06:30"),
]


@pytest.mark.parametrize(("zone", "start", "expected"), CLOCKS)
def test_clock_stays_the_same_while_its_offset_changes(zone, start, expected):
    rule = Rule("FREQ=DAILY")
    found = first = datetime.fromisoformat(f"{start}:00Z")
    for each in expected.split(" "):
        found = rule.next(first, ZoneInfo(zone), found)
        assert found == datetime.fromisoformat(f"{each}:00Z")


def test_second_of_two_equal_times_leads_to_the_first_of_the_next_two():
    """1:30 is there twice on both days, a year and a rule apart."""
    rule = Rule("FREQ=YEARLY;BYMONTH=11;BYDAY=1SU")
    second = datetime(2025, 11, 2, 6, 30, tzinfo=UTC)
    assert rule.next(second, NEW_YORK, second) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Kiritimati"])
@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_ends_of_the_calendar_are_no_defect(zone, moment):
    start = datetime.fromisoformat(moment)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert Rule("FREQ=DAILY").next(start, ZoneInfo(zone), now) is None or start.year == 1


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "An empty text"),
        ("DAILY", "DAILY"),
        ("RRULE:FREQ=DAILY", "RRULE:FREQ=DAILY"),
        ("INTERVAL=2", "FREQ"),
        ("FREQ=HOURLY", "FREQ"),
        ("FREQ=", "FREQ"),
        ("FREQ=DAILY;", "An empty text"),
        ("FREQ=DAILY;FREQ=DAILY", "FREQ"),
        ("FREQ=DAILY;BYHOUR=9", "BYHOUR=9"),
        ("FREQ=YEARLY;BYYEARDAY=1", "BYYEARDAY=1"),
        ("FREQ=YEARLY;BYWEEKNO=20", "BYWEEKNO=20"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL"),
        ("FREQ=DAILY;INTERVAL=1000", "INTERVAL"),
        ("FREQ=DAILY;INTERVAL=٣", "INTERVAL"),
        ("FREQ=DAILY;COUNT=0", "COUNT"),
        ("FREQ=DAILY;COUNT=-1", "COUNT"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20260101", "COUNT"),
        ("FREQ=DAILY;UNTIL=2026-01-01", "UNTIL"),
        ("FREQ=DAILY;UNTIL=20260230", "UNTIL"),
        ("FREQ=DAILY;UNTIL=20260101T090000", "UNTIL"),
        ("FREQ=DAILY;UNTIL=20260101T240000Z", "UNTIL"),
        ("FREQ=WEEKLY;BYDAY=XX", "BYDAY"),
        ("FREQ=WEEKLY;BYDAY=MO,", "BYDAY"),
        ("FREQ=WEEKLY;BYDAY=1MO", "BYDAY"),
        ("FREQ=DAILY;BYDAY=-1MO", "BYDAY"),
        ("FREQ=MONTHLY;BYDAY=0MO", "BYDAY"),
        ("FREQ=YEARLY;BYDAY=54MO", "BYDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY"),
        ("FREQ=YEARLY;BYMONTH=13", "BYMONTH"),
        ("FREQ=YEARLY;BYMONTH=-1", "BYMONTH"),
        ("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=367", "BYSETPOS"),
        ("FREQ=DAILY;BYDAY=MO;BYSETPOS=2,-2", "BYSETPOS"),
        ("FREQ=WEEKLY;BYDAY=MO,MO;BYSETPOS=2", "BYSETPOS"),
        ("FREQ=MONTHLY;BYDAY=6MO", "BYDAY"),
        ("FREQ=YEARLY;BYMONTH=12;BYDAY=1TU,-6MO", "BYDAY"),
        ("FREQ=WEEKLY;INTERVAL=54;BYMONTH=2", "INTERVAL"),
        ("FREQ=WEEKLY;WKST=1MO", "WKST"),
        *(
            (text, text.partition(";")[0])
            for text in (
                "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
                "FREQ=MONTHLY;BYMONTH=4,6,9,11;BYMONTHDAY=31",
                "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
                "FREQ=MONTHLY;BYDAY=1MO;BYMONTHDAY=20",
                "FREQ=MONTHLY;BYMONTHDAY=1;BYSETPOS=2",
            )
        ),
    ],
)
def test_what_is_no_rule_here_is_refused_by_the_name_of_its_part(text, part):
    with pytest.raises(ValueError, match=f"^{part} "):
        Rule(text)


def some(values: st.SearchStrategy[object], most: int = 4) -> st.SearchStrategy[str]:
    return st.lists(values.map(str), min_size=1, max_size=most, unique=True).map(",".join)


def signed(most: int) -> st.SearchStrategy[int]:
    return st.integers(1, most) | st.integers(-most, -1)


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Rules that dateutil reads as the RFC does."""
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    given = {
        "FREQ": st.just(frequency),
        "INTERVAL": st.integers(1, 5) | st.integers(1, 999),
        "WKST": st.sampled_from(WEEKDAYS),
        "BYMONTH": some(st.integers(1, 12)),
        "BYMONTHDAY": some(signed(31)),
        "BYDAY": some(st.sampled_from(WEEKDAYS), 7),
        "BYSETPOS": some(signed(3) | signed(366)),
    }
    names = {"FREQ"} | draw(st.sets(st.sampled_from([*given])))
    if frequency == "WEEKLY":
        names -= {"BYMONTHDAY", "BYMONTH"} if draw(st.booleans()) else {"BYMONTHDAY", "INTERVAL"}
    if not names & {"BYDAY", "BYMONTH", "BYMONTHDAY"}:
        names -= {"BYSETPOS"}
    if frequency in {"MONTHLY", "YEARLY"} and draw(st.booleans()):
        # dateutil takes days with a number and days without one for those that are both, and looks
        # for the sixth Monday of December beyond the end of the year.
        most = 53 if frequency == "YEARLY" and "BYMONTH" not in names else 5
        given["BYDAY"] = some(st.builds("{}{}".format, signed(most), st.sampled_from(WEEKDAYS)))
    return ";".join(f"{name}={draw(values)}" for name, values in given.items() if name in names)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    text=rules(),
    start=st.dates(date(1895, 1, 1), date(2120, 12, 31)),
    late=st.integers(0, 1000),
)
def test_days_are_those_of_dateutil(text, start, late):
    try:
        rule = Rule(text)
    except ValueError:
        # It never comes; dateutil would look for it until the year 9999.
        assume(False)
    if "WEEKLY" in text and "BYSETPOS" in text:
        # dateutil counts the days of the first week from the start on, not from its beginning.
        start -= timedelta((start.weekday() - rule.week_start) % 7)
    completed = datetime.combine(start + timedelta(late), time(12), UTC)
    found = rule.next(start, UTC, completed)
    assume(found is not None)
    expected = rrulestr(text, dtstart=datetime.combine(start, time()))
    assert expected.after(datetime.combine(completed, time())).date() == found


# A rule that goes on until the year 9999 takes millions.
LINES_MAX = 200_000


def lines_of(act: Callable[[], object]) -> int:
    """Return how many lines of Python an act runs: each takes some 50 ns."""
    lines = 0

    def trace(_frame: object, event: str, _argument: object) -> object:
        nonlocal lines
        lines += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        act()
    finally:
        sys.settrace(before)
    return lines


NEVER = [
    # These come, but not in step with their start.
    ("FREQ=DAILY;INTERVAL=7;BYDAY=MO,TU,WE,TH,FR,SA", date(2026, 1, 4)),
    ("FREQ=MONTHLY;INTERVAL=12;BYMONTH=2", date(2026, 1, 1)),
    ("FREQ=YEARLY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=29", date(2027, 1, 1)),
    ("FREQ=YEARLY;INTERVAL=2;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=366", date(2027, 1, 1)),
]


@pytest.mark.parametrize(("text", "start"), NEVER)
def test_search_for_what_never_comes_ends_soon(text, start):
    rule, now = Rule(text), datetime(2026, 1, 1, tzinfo=UTC)
    assert lines_of(lambda: rule.next(start, UTC, now)) < LINES_MAX
    assert rule.next(start, UTC, now) is None


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=32",
        "FREQ=MONTHLY;BYMONTHDAY=31;BYDAY="
        + ",".join(f"{number}{day}" for number in range(1, 4) for day in WEEKDAYS),
    ],
)
def test_refusing_what_never_comes_costs_little(text):
    def refuse():
        with pytest.raises(ValueError, match="never comes"):
            Rule(text)

    assert lines_of(refuse) < LINES_MAX


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    text=rules(),
    start=st.dates(),
    moment=st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_no_rule_costs_much(text, start, moment):
    try:
        rule = Rule(text)
    except ValueError:
        assume(False)
    assert lines_of(lambda: rule.next(start, UTC, moment)) < LINES_MAX
    found = rule.next(start, UTC, moment)
    assert found is None or found > max(start, moment.date())
