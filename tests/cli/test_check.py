"""What `check` tells."""

from collections.abc import Callable

import pytest

from klaviyo_bulk_events.emulator import Emulator
from klaviyo_bulk_events.limits import BURST, STEADY
from klaviyo_bulk_events.pace import seconds_for
from klaviyo_bulk_events.rates import Rate

from .conftest import Shell

Line = Callable[..., str]


def test_what_would_be_sent(shell: Shell, line: Line, emulator: Emulator) -> None:
    """Counts, reasons, metrics with their times, an event and the work; nothing is sent."""
    lines = [
        line(unique_id="1", time="2026-01-02T00:00:00Z"),
        line(unique_id="2", time="2026-01-01T00:00:00+05:00"),
        line(unique_id="2", time="2026-01-01T00:00:00+05:00"),
        line(unique_id="2", time="2026-01-03T00:00:00Z"),
        line(unique_id="3", metric="Viewed Product"),
        line(profile={}),
    ]
    shell.environment.clear()
    result = shell("check", "--backfill", shell.write("in.jsonl", "\n".join(lines)))
    assert result.exit_code == 1
    for expected in (
        "read       6",
        "good       3  would be sent",
        "duplicate  1  repeat",
        "rejected   2  break",
        "key_conflict        1  an earlier event",
        "missing_identifier  1  a profile needs",
        "Ordered Product  2  2026-01-01 00:00:00+05:00 to 2026-01-02 00:00:00+00:00",
        "Viewed Product   1",
        '"email": "ada@shop.org"',
        "1 request, ",
        f" bytes, 0.0 s or more at {BURST.limit}/s and {STEADY.limit}/m",
    ):
        assert expected in result.stdout
    assert emulator.summary()["requests"] == 0


@pytest.mark.parametrize(("window", "duplicates"), [("0", 0), ("1", 1)])
def test_how_far_back_repeats_are_found(
    shell: Shell, line: Line, window: str, duplicates: int
) -> None:
    """A repeat is found if no more other events came between than the window says."""
    path = shell.write("in.jsonl", f"{line()}\n{line()}\n")
    result = shell("check", "--backfill", path, "--window", window)
    assert f"duplicate  {duplicates}" in result.stdout


def test_all_good(shell: Shell, line: Line) -> None:
    """A source without faults ends with 0."""
    assert shell("check", "--backfill", shell.write("in.jsonl", line())).exit_code == 0


def test_rejects_can_be_mended_before_sending(shell: Shell, line: Line) -> None:
    """What would be rejected is written as `send` would write it."""
    path = shell.write("in.jsonl", line(profile={}))
    assert shell("check", "--backfill", path, "--rejects", "out.jsonl").exit_code == 1
    mended = (shell.folder / "out.jsonl").read_text()
    shell.write("mended.jsonl", mended.replace('"profile": {}', '"profile": {"email": "a@b.co"}'))
    assert shell("check", "mended.jsonl").exit_code == 0


@pytest.mark.parametrize(
    ("requests", "rates", "seconds"),
    [
        (0, ["10/s", "150/m"], 0),
        (1, ["10/s", "150/m"], 0),
        (10, ["10/s", "150/m"], 0),
        (11, ["10/s", "150/m"], 1),
        (150, ["150/m", "10/s"], 14),
        (151, ["10/s", "150/m"], 60),
        (161, ["10/s", "150/m"], 61),
        (301, ["10/s", "150/m"], 120),
        (100, ["10/s"], 9),
        (100, ["1/s", "150/m"], 99),
    ],
)
def test_pace(requests: int, rates: list[str], seconds: float) -> None:
    """The time is that of the last request, each window being filled at its start."""
    assert seconds_for(requests, [Rate.parse(rate) for rate in rates]) == seconds


def test_records_of_many_accounts(shell: Shell, line: Line) -> None:
    """The key that says whose a record is, is no field of an event, and no fault."""
    shell.write("all.jsonl", "\n".join([line(shop="a", unique_id="1"), line(unique_id="2")]))
    assert shell("check", "all.jsonl", "--backfill").exit_code == 1
    result = shell("check", "all.jsonl", "--backfill", "--account-column", "shop")
    assert result.exit_code == 0
    assert "good       2" in result.stdout
