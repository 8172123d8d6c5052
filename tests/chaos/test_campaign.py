"""The campaign in its short form."""

import subprocess
import sys
from pathlib import Path

import pytest

from chaos import campaign, command
from chaos.faults import Kind

from .conftest import ROOT

# Half a minute, on a machine that has nothing else to do.
pytestmark = pytest.mark.timeout(400)

# Any seed that ever failed stays here, with the number of its events.
FAILED = ((16, 1_000), (30, 1_000), (1001, 1_000), (1007, 1_000), (20044, 10_000))


def test_the_short_form() -> None:
    """Some runs with every kind of trouble: nothing lost, nothing twice, every number right."""
    arguments = ("--seed", "11", "--runs", "8", "--events", "1000", "--jobs", "4")
    done = subprocess.run(
        (sys.executable, "-m", "chaos", *arguments), cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 runs, 8,000 events" in done.stdout
    assert "lost: 0\ndoubled: 0\nwrong sums: 0" in done.stdout


@pytest.mark.parametrize(("seed", "events"), FAILED)
def test_a_seed_that_failed(seed: int, events: int) -> None:
    """What a run once found wrong stays right."""
    result = campaign.attempt(seed, events, journal=command.has_journal())
    assert result.failure is None, result.failure


LIAR = """
import json, sys
zeros = dict.fromkeys(("duplicate", "rejected", "unknown", "unsent", "requests", "bytes"), 0)
report = {"submitted": 50, "accepted": 50, "throttled": 0, "rejections": {}, "stopped": None}
json.dump({**zeros, **report}, open("report.json", "w"))
open("rejects.jsonl", "w").close()
"""


def test_a_command_that_lies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A command that calls everything accepted and sends nothing is found out; its files stay."""
    monkeypatch.setattr(command, "PROGRAM", (sys.executable, "-c", LIAR))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    result = campaign.attempt(1, 50, journal=False)
    assert result.wrong[Kind.CLAIM] > 0
    assert result.wrong[Kind.SUM] > 0
    assert result.failure is not None
    assert "seed=1," in result.failure
    (folder,) = tmp_path.iterdir()
    assert (folder / "report.json").exists()
