"""Real processes that share the limits of one account, against a real server."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from benchmarks import sharing
from klaviyo_bulk_events import Rate
from klaviyo_bulk_events.emulator import Settings, running
from klaviyo_bulk_events.limits import EVENTS_PER_REQUEST

MOST = EVENTS_PER_REQUEST.value


@pytest.mark.parametrize("kind", sharing.KINDS)
@pytest.mark.parametrize("store", ["sqlite", "redis"])
def test_processes_share_the_limit_evenly(
    request: pytest.FixtureRequest, store: str, kind: str
) -> None:
    """Windows of random phase, jittery latency: no 429, little left unused, nobody starves.

    How little depends on the machine: `python -m benchmarks sharing` measures it.
    """
    if store == "redis":
        request.getfixturevalue("redis")  # skipped without it
    with sharing.STORES[store]() as url:
        measured = sharing.measure(url, kind, cycles=4)
    assert measured.throttled == 0
    assert measured.busiest <= sharing.RATE.limit
    assert measured.share >= 0.5
    assert measured.use >= 0.8


QUEUE = """
import sys, time
from klaviyo_bulk_events import KlaviyoBulkEvents

klaviyo = KlaviyoBulkEvents(rates=["10/0.5s"], limiter=sys.argv[1], account="shop")
with klaviyo.queue(backfill=False, max_age=0.01, exit_timeout=60.0) as queue:
    for number in range(60):
        queue.put({
            "metric": "Viewed Product",
            "profile": {"external_id": "7"},
            "unique_id": f"view-{number}",
        })
        time.sleep(0.05)
    assert queue.flush(60.0)
"""


@pytest.mark.parametrize("store", ["sqlite", "redis"])
def test_an_import_and_a_queue_share_one_account(
    request: pytest.FixtureRequest, store: str, tmp_path: Path
) -> None:
    """Two processes, an application's queue and the command, and never a 429."""
    if store == "redis":
        request.getfixturevalue("redis")
    program = tmp_path / "application.py"
    program.write_text(QUEUE)
    source = tmp_path / "history.jsonl"
    source.write_text("".join(f"{json.dumps(sale(number))}\n" for number in range(6 * MOST)))
    settings = Settings(rates=(Rate(10, 0.5),), seed=None)
    with running(settings) as emulated, sharing.STORES[store]() as url:
        environment = {
            **os.environ,
            "KLAVIYO_API_KEY": "pk_0123456789abcdef",
            "KLAVIYO_BASE_URL": emulated.url,
        }
        send = ("-m", "klaviyo_bulk_events", "send", str(source), "--backfill", "--quiet")
        options = ("--rate", "10/0.5s", "--limiter", url, "--account", "shop", "--share", "0.5")
        started = [
            subprocess.Popen([sys.executable, *arguments], env=environment)
            for arguments in ((str(program), url), (*send, *options))
        ]
        assert [process.wait(100.0) for process in started] == [0, 0]
        statuses = Counter(request.status for request in emulated.emulator.requests())
        held = Counter(event.metric for event in emulated.emulator.events())
    assert statuses.keys() == {202}
    assert held == {"Viewed Product": 60, "Ordered Product": 6 * MOST}


def sale(number: int) -> dict[str, object]:
    """An event of the shop's history."""
    return {
        "metric": "Ordered Product",
        "profile": {"external_id": str(number % 50)},
        "time": "2025-05-05T12:00:00Z",
        "unique_id": f"sale-{number}",
    }
