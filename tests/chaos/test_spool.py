"""The campaign over spools in its short form."""

import subprocess
import sys
from pathlib import Path

import pytest

from chaos.spool import SpoolRun, Worker, compared, spool_plan
from klaviyo_bulk_events import KlaviyoBulkEvents
from klaviyo_bulk_events.emulator import Settings, running

from .conftest import ROOT

pytestmark = pytest.mark.timeout(300)


def test_the_short_form() -> None:
    """Processes that share a spool are killed again and again: 0 lost, 0 doubled, all in order."""
    arguments = ("--spool", "--seed", "1", "--runs", "4", "--events", "600", "--jobs", "4")
    done = subprocess.run(
        (sys.executable, "-m", "chaos", *arguments), cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "lost: 0\ndoubled: 0\ndisordered: 0\nstrange: 0" in done.stdout


def test_what_it_notices(tmp_path: Path) -> None:
    """Events that are missing, there twice, out of order, or that nobody put."""
    with running(Settings(rates=(), seed=1)) as served:
        run = SpoolRun(spool_plan(1, 100), tmp_path, served)
        (tmp_path / "w0").write_bytes(b"".join(b"%d\n" % n for n in range(5)))
        with KlaviyoBulkEvents("pk_chaos", base_url=served.url) as klaviyo:
            klaviyo.send(map(given, enumerate((0, 2, 1, 1, 9))), backfill=True)
        result = compared(run, 0.0, None)
    assert (result.lost, result.doubled, result.disordered, result.strange) == (2, 1, 1, 1)
    assert result.failure is not None
    assert "lost: 2" in result.failure


def given(numbered: tuple[int, int]) -> dict[str, object]:
    at, number = numbered
    return {
        "metric": "Viewed Product",
        "profile": {"external_id": "w0"},
        "properties": {"n": number},
        "time": "2026-01-01T00:00:00Z",
        "unique_id": str(at),
    }


def test_a_worker_that_was_killed(tmp_path: Path) -> None:
    """It goes on after what it noted; what it was about to note may be there or not."""
    (tmp_path / "w0").write_bytes(b"0\n1\n2\n")
    worker = Worker("w0", {"count": 9}, tmp_path)
    worker._process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    worker.kill()
    assert (worker.put, worker.maybe, worker._first) == ([0, 1, 2], {3}, 4)
