"""Times are read in every form of ISO 8601, and none is guessed."""

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from klaviyo_bulk_events import ConfigurationError, RecordError, times

from .encoding import attributes, encode, encoder, problems
from .strategies import moments

LONDON = ZoneInfo("Europe/London")


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


FORMS = [
    ("2026-05-05T09:30:15Z", at(2026, 5, 5, 9, 30, 15)),
    ("2026-05-05T09:30:15z", at(2026, 5, 5, 9, 30, 15)),
    ("2026-05-05t09:30:15Z", at(2026, 5, 5, 9, 30, 15)),
    ("2026-05-05 09:30:15Z", at(2026, 5, 5, 9, 30, 15)),
    ("2026-05-05 09:30:15.25+02:00", at(2026, 5, 5, 7, 30, 15, 250_000)),
    ("  2026-05-05T09:30:15Z\n", at(2026, 5, 5, 9, 30, 15)),
    ("2026-05-05T09:30:15+00:00", at(2026, 5, 5, 9, 30, 15)),
    ("2026-05-05T09:30:15-00:00", at(2026, 5, 5, 9, 30, 15)),
    ("2026-05-05T09:30:15+02:00", at(2026, 5, 5, 7, 30, 15)),
    ("2026-05-05T09:30:15+0230", at(2026, 5, 5, 7, 0, 15)),
    ("2026-05-05T09:30:15-03", at(2026, 5, 5, 12, 30, 15)),
    ("20260505T093015Z", at(2026, 5, 5, 9, 30, 15)),
    ("20260505T093015+0200", at(2026, 5, 5, 7, 30, 15)),
    ("20260505T0930Z", at(2026, 5, 5, 9, 30)),
    ("20260505T09Z", at(2026, 5, 5, 9)),
    ("2026-05-05T09:30Z", at(2026, 5, 5, 9, 30)),
    ("2026-05-05T09Z", at(2026, 5, 5, 9)),
    ("2026-05-05T09:30:15.5Z", at(2026, 5, 5, 9, 30, 15, 500_000)),
    ("2026-05-05T09:30:15,5Z", at(2026, 5, 5, 9, 30, 15, 500_000)),
    ("20260505T093015,123456789Z", at(2026, 5, 5, 9, 30, 15, 123_456)),
    ("2026-05-05T09:30.5Z", at(2026, 5, 5, 9, 30, 30)),
    ("2026-05-05T09:30,5+01:00", at(2026, 5, 5, 8, 30, 30)),
    ("20260505T0930.25Z", at(2026, 5, 5, 9, 30, 15)),
    ("2026-05-05T09.5Z", at(2026, 5, 5, 9, 30)),
    ("20260505T09,25Z", at(2026, 5, 5, 9, 15)),
    ("2026-05-04T24:00:00Z", at(2026, 5, 5)),
    ("2026-05-04T24:00Z", at(2026, 5, 5)),
    ("20260504T24Z", at(2026, 5, 5)),
    ("2025-12-31T24:00:00+00:00", at(2026, 1, 1)),
    ("2026-W19-2T09:30Z", at(2026, 5, 5, 9, 30)),
    ("2026W192T0930Z", at(2026, 5, 5, 9, 30)),
    ("2026-W01-1T00:00Z", at(2025, 12, 29)),
    ("2026-125T09:30Z", at(2026, 5, 5, 9, 30)),
    ("2026125T0930Z", at(2026, 5, 5, 9, 30)),
    ("2024-366T12:00:00Z", at(2024, 12, 31, 12)),
]

DATES = [
    ("2026-05-05", at(2026, 5, 5)),
    ("20260505", at(2026, 5, 5)),
    ("2026-05", at(2026, 5, 1)),
    ("2026", at(2026, 1, 1)),
    ("2026-W19-2", at(2026, 5, 5)),
    ("2026-W19", at(2026, 5, 4)),
    ("2026W19", at(2026, 5, 4)),
    ("2026-125", at(2026, 5, 5)),
    ("2026125", at(2026, 5, 5)),
    (date(2026, 5, 5), at(2026, 5, 5)),
]


@pytest.mark.parametrize(("text", "moment"), FORMS)
def test_forms_of_iso_8601(text: str, moment: datetime) -> None:
    """Each form is the moment that it says, and goes out in one that the server reads."""
    assert datetime.fromisoformat(encode(time=text).time) == moment


@pytest.mark.parametrize(("value", "moment"), DATES)
def test_dates(value: Any, moment: datetime) -> None:
    """A date is its first moment in the zone given, and refused without a zone."""
    assert problems(time=value) == {("/time", "naive_time")}
    assert datetime.fromisoformat(encode(time=value, intake={"timezone": "UTC"}).time) == moment


@pytest.mark.parametrize(
    "text",
    [
        "05/05/2026",
        "5 May 2026",
        "2026-5-5",
        "26-05-05",
        "2026-13-01T00:00Z",
        "2026-02-29T00:00Z",
        "2026-000T00:00Z",
        "2026-366T00:00Z",
        "2026-W54-1T00:00Z",
        "2026-W19T00:00Z",
        "2026-05T00:00Z",
        "2026T00:00Z",
        "202605T00:00Z",
        "2026-05-05T24:00:01Z",
        "2026-05-05T25:00Z",
        "2026-05-05T09:60Z",
        "2026-05-05T09:30:60Z",
        "2026-05-05T09:30:15+25:00",
        "2026-05-05T09:30:15+02:60",
        "2026-05-05 09:30:15-02:99",
        "2026-05-05T09:30:15 Europe/London",
        "2026-05-05T09:30:15 PM",
        "2026-05-05-09:30",
        "2026-05-05-0930",
        "2026-05-05x09:30",
        "2026-05-05T",
        "2026-05-05T09:30:15Zulu",
        "+002026-05-05T00:00Z",
        "-2026-05-05T00:00Z",
        "\u0662\u0660\u0662\u0666-05-05T00:00Z",
        "2026-05-05T09:30:15\ud800",
        "2026-05-05T00:00Z/2026-05-06T00:00Z",
        "1777777777",
        "now",
    ],
)
def test_what_is_no_time(text: str) -> None:
    """A text in another form is refused rather than guessed."""
    assert problems(time=text) == {("/time", "not_a_time")}


@given(moments)
def test_aware_datetimes(moment: datetime) -> None:
    """A datetime with an offset goes out as it is."""
    assert encode(time=moment).time == moment.isoformat()


@given(moments)
def test_texts_that_go_out_as_they_stand(moment: datetime) -> None:
    """What Python writes of an aware datetime is sent as it was given."""
    text = moment.isoformat()

    assert times.read_rfc_3339(text) == moment
    assert encode(time=text).time == text


@given(
    st.from_regex(
        r"20[0-2]\d-?[W01]\d-?[0-3]\d[Tt ]\d\d:?\d\d:?\d\d([.,]\d{1,7})?(Z|[+-]\d\d:?\d\d)?",
        fullmatch=True,
    )
)
@example("2026-W01-1T09:30:00+00:00")
@example("2026-05-05T24:00:00+00:00")
def test_the_fast_road_reads_what_the_slow_one_reads(text: str) -> None:
    """What is sent as it stands is the moment that reading it slowly gives."""
    moment = times.read_rfc_3339(text)
    if moment is not None:
        assert times.read_time(text, None, False) == moment
        assert attributes_time(text) in (text, None)


def attributes_time(text: str) -> Any:
    try:
        return attributes(time=text)["time"]
    except RecordError:
        return None


class Offset(tzinfo):
    """A zone of the caller's own making, with seconds in its offset."""

    def utcoffset(self, moment: datetime | None) -> timedelta:
        return timedelta(minutes=19, seconds=32)

    def dst(self, moment: datetime | None) -> None:
        return None

    def tzname(self, moment: datetime | None) -> str:
        return "AMT"


@pytest.mark.parametrize(
    ("moment", "sent"),
    [
        (datetime(2026, 7, 5, 12, tzinfo=LONDON), "2026-07-05T12:00:00+01:00"),
        (
            datetime(2026, 7, 5, 12, tzinfo=timezone(timedelta(hours=-3))),
            "2026-07-05T12:00:00-03:00",
        ),
        (datetime(2025, 7, 5, 12, tzinfo=Offset()), "2025-07-05T11:40:28+00:00"),
    ],
)
def test_zones_of_any_make(moment: datetime, sent: str) -> None:
    """Any tzinfo will do; an offset with seconds, which RFC 3339 can't say, becomes UTC."""
    assert encode(time=moment).time == sent


@pytest.mark.parametrize("zone", [UTC, Offset(), timezone(timedelta(hours=14)), LONDON])
@pytest.mark.parametrize("moment", [datetime.min, datetime.max])
def test_the_ends_of_the_calendar(moment: datetime, zone: tzinfo) -> None:
    """The first and the last moment that Python knows are out of range like others."""
    assert problems(time=moment.replace(tzinfo=zone)) == {("/time", "time_out_of_range")}


class Stamp(datetime):
    """A datetime that writes itself in more digits than others, like pandas' own."""

    def isoformat(self, *arguments: Any, **keywords: Any) -> str:
        return super().isoformat(*arguments, **keywords) + "000"


def test_datetimes_of_other_libraries() -> None:
    """Whatever a subclass thinks of it, a datetime goes out in the standard form."""
    stamp = Stamp(2026, 5, 5, 12, tzinfo=UTC)
    sent = attributes(time=stamp, properties={"p": stamp})

    assert (sent["time"], sent["properties"]["p"]) == ("2026-05-05T12:00:00+00:00",) * 2


@pytest.mark.parametrize(
    ("naive", "sent"),
    [
        ("2026-01-05T12:00:00", "2026-01-05T12:00:00+00:00"),
        ("2025-07-05 12:00", "2025-07-05T12:00:00+01:00"),
        (datetime(2025, 7, 5, 12), "2025-07-05T12:00:00+01:00"),
        (numpy.datetime64("2025-07-05T12:00:00", "ns"), "2025-07-05T12:00:00+01:00"),
        # The hour that comes twice is its first one, the hour that is skipped the one before.
        ("2025-10-26T01:30:00", "2025-10-26T01:30:00+01:00"),
        (datetime(2025, 10, 26, 1, 30, fold=1), "2025-10-26T01:30:00+00:00"),
        ("2025-03-30T01:30:00", "2025-03-30T01:30:00+00:00"),
        ("2025-07-05T12:00:00Z", "2025-07-05T12:00:00Z"),
    ],
)
def test_naive_times_are_in_the_zone_given(naive: Any, sent: str) -> None:
    """A naive time is one of the intake's zone, in summer too; an aware one is not touched."""
    assert encode(time=naive, intake={"timezone": "Europe/London"}).time == sent


@pytest.mark.parametrize(
    "seconds",
    [
        1_777_777_777,
        1_777_777_777.0,
        Decimal(1_777_777_777),
        "1777777777",
        numpy.int64(1_777_777_777),
    ],
)
def test_unix_seconds_when_asked_for(seconds: Any) -> None:
    """Numbers, also as text, are Unix seconds where the intake says so, and only there."""
    sent = encode(time=seconds, intake={"unix_time": True}).time

    assert sent == "2026-05-03T03:09:37+00:00"
    assert problems(time=seconds)


@pytest.mark.parametrize("milliseconds", [1_777_777_777_000, 10**30, float("inf"), float("nan")])
def test_numbers_that_are_no_seconds(milliseconds: float) -> None:
    """Milliseconds and worse are out of range, with a word on why."""
    found = problems(time=milliseconds, intake={"unix_time": True})

    assert found == {("/time", "time_out_of_range")}


def test_texts_are_read_as_texts_where_numbers_are_seconds() -> None:
    """ISO 8601 is still read where numbers are Unix seconds."""
    assert encode(time="2026-05-05T12:00Z", intake={"unix_time": True}).time.startswith(
        "2026-05-05"
    )
    assert problems(time=True, intake={"unix_time": True}) == {("/time", "wrong_type")}


@pytest.mark.parametrize("name", ["Europe/Lodnon", "", "/etc/passwd", "../UTC", "Europe"])
def test_zones_that_do_not_exist(name: str) -> None:
    """A zone that is no zone is an error of the configuration."""
    with pytest.raises(ConfigurationError, match="there is no time zone"):
        times.zone(name)


def test_the_zone_is_read_at_once() -> None:
    """A wrong zone ends a run before its first record."""
    with pytest.raises(ConfigurationError):
        encoder(timezone="Europe/Lodnon")
