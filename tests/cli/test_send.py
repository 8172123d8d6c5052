"""What `send` does with good and messy sources."""

import errno
import io
import json
import stat
from collections.abc import Callable
from typing import Any

import pytest

from klaviyo_bulk_events.cli import rejects
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


def test_rejects_come_back_as_they_were_sent(shell: Shell, line: Line, emulator: Emulator) -> None:
    """What stayed unsettled is kept with its time and unique_id, and is a source itself."""
    path = shell.write("in.jsonl", line(time=None, unique_id=None))
    emulator.set_faults({"html_503_after": 1.0})
    options = ("--backfill", "--stamp-now", "--deadline", "0.1")
    assert shell("send", path, *options, "--rejects", "rejects.jsonl").exit_code == 3
    kept = json.loads((shell.folder / "rejects.jsonl").read_bytes())
    (event,) = emulator.events()
    assert kept["status"] == "unknown"
    assert kept["problems"][0]["code"] == "no_answer"
    assert kept["record"]["unique_id"] == event.unique_id
    assert kept["record"]["backfill"] is True
    assert kept["record"]["time"].startswith(event.time.isoformat()[:19])
    emulator.set_faults({})
    assert shell("send", "rejects.jsonl", "--backfill").exit_code == 0
    assert len(emulator.events()) == 1


def test_rejects_of_a_backfill_never_fire_flows(shell: Shell, line: Line, emulator: Any) -> None:
    """The rejects say how they were to be sent, so that they can't be sent otherwise."""
    path = shell.write("in.jsonl", line(time="1999-01-01T00:00:00Z"))
    shell("send", path, "--backfill", "--rejects", "rejects.jsonl")
    mended = (shell.folder / "rejects.jsonl").read_text().replace("1999", "2009")
    shell.write("mended.jsonl", mended)
    assert shell("send", "mended.jsonl", "--trigger-flows").exit_code == 1
    assert emulator.events() == []
    assert shell("send", "mended.jsonl", "--backfill").exit_code == 0


def test_rejects_are_for_the_user_alone(shell: Shell, line: Line) -> None:
    """The file may be read by nobody else, also where it was there before."""
    path = shell.folder / "rejects.jsonl"
    path.write_text("old")
    path.chmod(0o644)
    shell("send", "--backfill", shell.write("in.jsonl", line()), "--rejects", str(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == ""


@pytest.mark.parametrize("option", ["--rejects", "--report"])
def test_a_source_is_not_overwritten(shell: Shell, line: Line, option: str) -> None:
    """Neither the rejects nor the report may replace what is being read, by whatever path."""
    path = shell.write("in.jsonl", line())
    (shell.folder / "link.jsonl").symlink_to(path)
    result = shell("send", "--backfill", "in.jsonl", option, "link.jsonl")
    assert result.exit_code == 2
    assert "would overwrite" in result.stderr
    assert (shell.folder / "in.jsonl").read_text() == line()


@pytest.mark.parametrize("option", ["--rejects", "--report"])
def test_an_output_that_cannot_be_written(
    shell: Shell, line: Line, option: str, emulator: Emulator
) -> None:
    """A file that can't be written is known before anything is sent."""
    path = shell.write("in.jsonl", line())
    result = shell("send", "--backfill", path, option, "nowhere/out.jsonl")
    assert result.exit_code == 2
    assert "can't be written" in result.stderr
    assert emulator.summary()["requests"] == 0


class FullDisk(io.BytesIO):
    """A file for which there is no room."""

    def write(self, data: Any, /) -> int:
        """Fail as a full disk does."""
        raise OSError(errno.ENOSPC, "No space left on device")


def test_rejects_that_do_not_fit(
    shell: Shell, line: Line, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk doesn't end the run; that rejects are missing is said at its end."""
    monkeypatch.setattr(rejects, "open_private", lambda path: FullDisk())
    path = shell.write("in.jsonl", line(profile={}) + "\n" + line())
    result = shell("send", "--backfill", path, "--rejects", "out.jsonl")
    assert result.exit_code == 2
    assert "out.jsonl is not complete: No space left on device" in result.stderr
    assert len(emulator.events()) == 1


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
