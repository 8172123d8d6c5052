"""An attempt that is killed outright, and the one after it."""

import os
import sys
from collections import Counter
from pathlib import Path

import pytest

from klaviyo_bulk_events.emulator import Running
from tests.arrow.attempt import ROWS, attempt
from tests.killing import killed_after


@pytest.mark.skipif(os.name == "nt", reason="has no SIGKILL")
@pytest.mark.parametrize("kind", ["file:{}/chunks", "sqlite:///{}/chunks.db"])
def test_nothing_is_lost_or_doubled(
    emulated: Running, tmp_path: Path, kind: str, run_name: str
) -> None:
    """All rows are there once, and what was settled before the kill is not sent again."""
    ledger = kind.format(tmp_path)
    command = [sys.executable, "-m", "tests.arrow.attempt", emulated.url, ledger, run_name]
    sent = killed_after(5, command, emulated)
    told = attempt(emulated.url, ledger, run_name, "1000/s")
    assert [row["position"] for row in told] == list(range(ROWS))
    assert Counter(row["status"] for row in told).keys() <= {"accepted", "duplicate"}
    assert len(emulated.emulator.events()) == ROWS
    assert len(emulated.emulator.requests()) < sent + ROWS // 1_000
