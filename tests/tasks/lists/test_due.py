"""What is due: filters and an order that know moments and days."""

from datetime import UTC, date, datetime, timedelta, timezone
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
# The ends of the calendar, leap days and none, and days on which clocks change.
DAYS = [
    date(1, 1, 1),
    date(1900, 2, 28),
    date(1900, 3, 1),
    date(2024, 2, 29),
    date(2026, 3, 8),
    date(2026, 3, 29),
    date(2026, 4, 5),
    date(2026, 10, 25),
    date(9999, 12, 30),
    date(9999, 12, 31),
]
OFFSETS = st.sampled_from([-12, 14, 0, 1, 5.75, -9.5]).map(lambda hours: timedelta(hours=hours))
ZONES = OFFSETS.map(timezone) | st.sampled_from(
    ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"]
).map(ZoneInfo)


@st.composite
def moments(draw: st.DrawFn) -> datetime:
    """A moment near one of the days, often the very end of one, at some offset."""
    days = [day for day in DAYS if 1 < day.year < 9999] + [date(1, 1, 3), date(9999, 12, 28)]
    day = draw(st.sampled_from(days)) + draw(st.integers(-1, 2)) * DAY
    second = draw(st.sampled_from([0, 1, 86399]) | st.integers(0, 86399))
    moment = datetime(day.year, day.month, day.day, tzinfo=draw(ZONES)) + timedelta(seconds=second)
    # RFC 3339 has no seconds in an offset, as there were before zones.
    return moment.replace(tzinfo=timezone(moment.utcoffset() // MINUTE * MINUTE))


def utc_seconds(moment: datetime) -> float:
    local = moment.replace(tzinfo=None) - datetime(1, 1, 1)  # noqa: DTZ001
    return (local - moment.utcoffset()).total_seconds()


def is_before(task, moment: datetime) -> bool:
    """Count seconds: neither the calendar nor the clock of the standard library has a say."""
    if task["due_at"]:
        return utc_seconds(datetime.fromisoformat(task["due_at"])) < utc_seconds(moment)
    end = date.fromisoformat(task["due_on"]).toordinal() * 86400
    return end - moment.utcoffset().total_seconds() <= utc_seconds(moment)


@pytest.fixture(scope="module")
def dues(app):
    """A user with a task for each day, and for moments around its end in some zones."""
    client, path = app.test_client(), f"/api/{uuid4()}/tasks"
    batch = [{"title": "never"}, *({"title": "day", "due_on": day.isoformat()} for day in DAYS)]
    for day in DAYS[1:-2]:
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        for hours in (-14, 0, 12, 24, 25):
            moment = midnight + timedelta(hours=hours)
            batch.append({"title": "moment", "due_at": moment.isoformat()})
    assert client.post(f"{path}/batch", json=batch).status_code == 201
    return path


@pytest.mark.hypothesis
@settings(deadline=None)
@given(moment=moments())
def test_due_before_and_due_after_share_out_what_is_due(app, dues, moment):
    client = app.test_client()
    tasks = [task for task in client.get(f"{dues}?limit=100").json if task["title"] != "never"]
    for name, wanted in (("due_before", True), ("due_after", False)):
        answer = client.get(dues, query_string={name: moment.isoformat(), "limit": 100})
        assert answer.status_code == 200, answer.text
        assert answer.json == [task for task in tasks if is_before(task, moment) is wanted]


@pytest.mark.parametrize(
    ("moment", "days"),
    [
        ("2026-01-10T00:00:00+01:00", ["08", "09"]),
        ("2026-01-09T23:59:59.999999999+01:00", ["08"]),
        ("2026-01-10T00:00:00-12:00", ["08", "09"]),
        ("2026-01-10T23:59:59+14:00", ["08", "09"]),
        ("2026-01-09T23:00:00Z", ["08"]),
        ("2026-01-10T00:00:00-23:59", ["08", "09"]),
        ("2026-01-09T23:59:59+23:59", ["08"]),
    ],
)
def test_day_ends_where_the_reader_is(client, path, make_task, moment, days):
    for day in ("08", "09", "10"):
        make_task(due_on=f"2026-01-{day}")
    listed = client.get(path, query_string={"due_before": moment, "sort": "due_at"}).json
    assert [task["due_on"] for task in listed] == [f"2026-01-{day}" for day in days]
    listed = client.get(path, query_string={"due_after": moment}).json
    assert len(listed) == 3 - len(days)


@pytest.mark.parametrize("parameter", ["due_before", "due_after"])
def test_plus_that_was_not_encoded_is_explained(client, path, parameter):
    answer = client.get(f"{path}?{parameter}=2026-01-10T00:00:00+01:00")
    assert answer.status_code == 422
    assert answer.json["errors"] == [
        {
            "detail": "The + of the offset arrived as a space: write + as %2B.",
            "parameter": parameter,
        }
    ]
    assert client.get(f"{path}?{parameter}=2026-01-10T00:00:00%2B01:00").status_code == 200


@pytest.mark.parametrize("moment", ["2026-01-10 00:00:00+01:00", "2026-01-10T00:00:00 1:00", " "])
def test_other_space_in_a_moment_is_no_plus(client, path, moment):
    answer = client.get(path, query_string={"due_before": moment})
    assert answer.json["errors"][0]["detail"].startswith("Must be an RFC 3339 timestamp")


def test_order_counts_a_day_as_its_end_in_utc(client, path, make_task):
    dues = [
        {"due_on": "0001-01-01"},
        {"due_at": "2026-01-09T23:59:59.999999Z"},
        {"due_on": "2026-01-09"},
        {"due_at": "2026-01-10T00:00:00Z"},
        {"due_at": "2026-01-10T00:00:00.000001Z"},
        {"due_on": "2026-01-10"},
        {"due_at": "9999-12-31T23:59:59.999999Z"},
        {"due_on": "9999-12-31"},
    ]
    made = [make_task(**due)["id"] for due in dues]
    undated = make_task()["id"]
    for order, expected in (("due_at", made), ("-due_at", made[::-1])):
        walked, url = [], f"{path}?sort={order}&limit=1"
        while url:
            answer = client.get(url)
            walked += [task["id"] for task in answer.json]
            [url] = [link for link in answer.headers["Link"].split(", ") if "next" in link] or [""]
            url = url.partition(">")[0].strip("<")
        # The two that are due at the same moment have the order of their ids.
        assert walked == [*expected, undated]
