"""What `send` does with good and messy sources."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from klaviyo_bulk_events.cli.durations import duration
from klaviyo_bulk_events.emulator import Emulator, Settings, running

from .conftest import Shell

Line = Callable[..., str]

SHOP = """InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,HEART LANTERN,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
536365,71053,"METAL LANTERN, WHITE",6,2010-12-01 08:26:00,3.39,17850.0,United Kingdom
536365,71053,"METAL LANTERN, WHITE",6,2010-12-01 08:26:00,3.39,17850.0,United Kingdom
536414,22139,,56,2010-12-01 11:52:00,0.0,,United Kingdom
C536379,D,Discount,-1,2010-12-01 09:41:00,27.50,14527.0,United Kingdom
536365,85123A,HEART LANTERN,6,2010-12-01 08:26:00,2.55,13047.0,France
"""
QUERY = """select 'Ordered Product' as metric, CustomerID as "profile.external_id",
    InvoiceDate as time, * from read_csv('shop.csv', all_varchar=true)"""
SQL = ("--sql", QUERY)
CSV = (
    *("shop.csv", "--metric", "Ordered Product"),
    *("--map", "CustomerID=profile.external_id", "--map", "InvoiceDate=time"),
)
OPTIONS = ("--backfill", "--timezone", "Europe/London", "--rest-as-properties")


@pytest.mark.parametrize("source", [SQL, CSV])
def test_a_messy_shop(shell: Shell, emulator: Emulator, source: tuple[str, ...]) -> None:
    """Returns and sales in one second are events; a repeat and a row of nobody are not."""
    shell.write("shop.csv", SHOP)
    checked = shell("check", *source, *OPTIONS)
    report = shell.report("send", *source, *OPTIONS)
    assert {name: report[name] for name in ("submitted", "accepted", "duplicate", "rejected")} == {
        "submitted": 6,
        "accepted": 4,
        "duplicate": 1,
        "rejected": 1,
    }
    assert report["rejections"] == {"missing_identifier": 1}
    assert report["unknown"] == report["unsent"] == report["throttled"] == 0
    events = emulator.events()
    assert [event.profile["external_id"] for event in events].count("17850.0") == 2
    assert {event.metric for event in events} == {"Ordered Product"}
    assert all(event.backfill for event in events)
    assert checked.exit_code == 1
    assert [" ".join(text.split()[:2]) for text in checked.stdout.splitlines()[3:6]] == [
        "good 4",
        "duplicate 1",
        "rejected 1",
    ]


def test_sending_again_is_harmless(shell: Shell, emulator: Emulator) -> None:
    """The same file once more gives the same ids: Klaviyo has them all already."""
    shell.write("shop.csv", SHOP)
    shell("send", *CSV, *OPTIONS)
    report = shell.report("send", *CSV, *OPTIONS)
    assert (report["accepted"], report["duplicate"]) == (0, 5)
    assert len(emulator.events()) == 4


@pytest.mark.parametrize(
    ("faults", "options", "code", "settled", "words"),
    [
        ({}, [], 0, "accepted", ""),
        ({"html_400": 1.0}, ["--deadline", "0.1"], 3, "unsent", "run it again"),
        ({"html_503": 1.0}, ["--deadline", "0.1"], 3, "unknown", "run it again"),
        ({"poison": 1.0}, [], 1, "rejected", "Klaviyo says"),
        ({"json_401": 1.0}, [], 2, "unsent", "not accepted"),
        ({"json_403": 1.0}, [], 2, "unsent", "events:write"),
    ],
)
def test_exit_codes(
    shell: Shell,
    line: Line,
    emulator: Emulator,
    faults: dict[str, float],
    options: list[str],
    code: int,
    settled: str,
    words: str,
) -> None:
    """The exit code says what to do next, and the report is written in every case."""
    emulator.set_faults(faults)
    path = shell.write("in.jsonl", line())
    result = shell("send", "--backfill", path, "--report", "report.json", *options)
    assert result.exit_code == code
    assert words in result.output
    report = json.loads((shell.folder / "report.json").read_bytes())
    assert report["submitted"] == report[settled] == 1


def test_several_sources_in_order(shell: Shell, line: Line, emulator: Emulator) -> None:
    """Files are read one after the other, up to the limit."""
    shell.write("a.jsonl", line(unique_id="1") + "\n" + line(unique_id="2"))
    shell.write("b.csv", "metric,profile.email,time,unique_id\nA,ada@shop.org,2026-01-02Z,3\n")
    shell.write("b.csv", "metric,profile.email,time,unique_id\nA,ada@shop.org,20260102T00Z,3\n")
    shell("send", "--backfill", "a.jsonl", "b.csv", "--limit", "3")
    assert [event.unique_id for event in emulator.events()] == ["1", "2", "3"]
    emulator.reset()
    shell("send", "--backfill", "a.jsonl", "b.csv", "--limit", "2")
    assert [event.unique_id for event in emulator.events()] == ["1", "2"]


@pytest.mark.parametrize(
    ("options", "field", "value"),
    [
        (["--unix-time"], "time", "2026-01-02T03:04:05+00:00"),
        (["--unix-time", "--unique-id-from", "properties.sku"], "unique_id", "A"),
        (["--unix-time", "--no-profile-updates"], "profile", {"email": "ada@shop.org"}),
        (["--unix-time", "--rest-as-properties"], "properties", {"sku": "A", "extra": 1}),
    ],
)
def test_options_for_records(
    shell: Shell, line: Line, emulator: Emulator, options: Any, field: str, value: Any
) -> None:
    """Options reach the events."""
    profile = {"email": "ada@shop.org", "first_name": "Ada"}
    extra = {"extra": 1} if "--rest-as-properties" in options else {}
    path = shell.write("in.jsonl", line(time=1767323045, unique_id=None, profile=profile, **extra))
    assert shell("send", "--backfill", path, *options).exit_code == 0
    (event,) = emulator.events()
    sent = getattr(event, field)
    assert (sent.isoformat() if field == "time" else sent) == value


def test_only_allowed_metrics(shell: Shell, line: Line, emulator: Emulator) -> None:
    """A metric that is not allowed is rejected: it could never be deleted."""
    path = shell.write("in.jsonl", line() + "\n" + line(metric="Orderd Product"))
    options = ("--allow-metric", "Ordered Product", "--allow-metric", "Viewed Product")
    report = shell.report("send", "--backfill", path, *options)
    assert report["rejections"] == {"metric_not_allowed": 1}
    assert emulator.summary()["metrics"] == {"Ordered Product": 1}


def test_the_key_may_come_from_a_file(shell: Shell, line: Line) -> None:
    """A key in a file beats the environment; a wrong one is refused."""
    path = shell.write("in.jsonl", line())
    with running(Settings(api_key="pk_right")) as served:
        shell.environment.update(KLAVIYO_BASE_URL=served.url)
        assert shell("send", "--backfill", path).exit_code == 2
        key = shell.write("key", "pk_right\n")
        assert shell("send", "--backfill", path, "--api-key-file", key).exit_code == 0


def test_verbose_tells_of_answers_and_nothing_of_events(shell: Shell, line: Line) -> None:
    """Answers are told by status; no address, property or key is anywhere."""
    path = shell.write("in.jsonl", line())
    result = shell("send", "--backfill", path, "--verbose")
    assert "attempt 1, 1 events" in result.stderr
    for secret in ("ada@shop.org", "sku", shell.environment["KLAVIYO_API_KEY"]):
        assert secret not in result.output


def test_it_does_not_ask_without_a_terminal(shell: Shell, line: Line) -> None:
    """Elsewhere than on a terminal nothing is asked, and nothing is shown but the report."""
    result = shell("send", "--backfill", shell.write("in.jsonl", line()))
    assert result.exit_code == 0
    assert result.stderr == ""
    assert result.stdout.startswith("submitted   1\n  accepted  1 ")


def test_warnings_come_with_a_sentence(shell: Shell, line: Line) -> None:
    """What the server drops in silence is counted and explained."""
    path = shell.write("in.jsonl", line(profile={"email": "ada@example.com"}))
    result = shell("send", "--backfill", path)
    assert "test_address  1  the server drops events for addresses at" in result.stdout


@pytest.mark.parametrize(
    ("options", "accepted", "rejections"),
    [((), 3, {"invalid": 1}), (("--narrowing-budget", "0"), 0, {"refused_together": 4})],
)
def test_the_narrowing_budget(
    shell: Shell, line: Line, options: tuple[str, ...], accepted: int, rejections: Any
) -> None:
    """How many requests go into finding the events at fault is for the user to say."""
    lines = [line(unique_id=str(number)) for number in range(4)]
    path = shell.write("in.jsonl", "\n".join(lines))
    with running(Settings(rates=(), pointers="nothing", faults={"poison": 0.3}, seed=3)) as served:
        shell.environment.update(KLAVIYO_BASE_URL=served.url)
        report = shell.report("send", "--backfill", path, *options)
    assert report["accepted"] == accepted
    assert report["rejections"] == rejections


def test_an_early_end_is_explained(shell: Shell, line: Line, emulator: Emulator) -> None:
    """A run that ended before its source says why, and what to do next."""
    emulator.set_faults({"html_503": 1.0})
    path = shell.write("in.jsonl", line())
    result = shell("send", "--backfill", path, "--deadline", "0.1", "--report", "report.json")
    why = json.loads((shell.folder / "report.json").read_bytes())["stopped"]
    assert result.exit_code == 3
    assert f"\nStopped early: {why}.\nOnce nothing stands in the way, run it again" in result.stdout


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("1.5m", 90), (" 6 H ", 21_600), ("1d", 86_400)],
)
def test_how_long_an_outage_may_last(text: str, seconds: float) -> None:
    """A number of seconds, or with a unit."""
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "0h", "-1h", "6 weeks", "1e3", "nan", "\u0663h"])
def test_what_is_no_length_of_time(shell: Shell, line: Line, text: str) -> None:
    """A wrong duration is wrong usage, with an example of a right one."""
    path = shell.write("in.jsonl", line())
    result = shell("send", "--backfill", path, "--wait-for-outage", text)
    assert result.exit_code == 2
    assert "6h" in result.stderr


def test_an_outage_is_sat_out(shell: Shell, line: Line, emulator: Emulator) -> None:
    """--wait-for-outage keeps trying instead of ending the run."""
    emulator.inject("html_503", times=1)
    path = shell.write("in.jsonl", line())
    options = ("--backfill", "--deadline", "0.001", "--wait-for-outage", "1m")
    assert shell("send", path, *options).exit_code == 0
