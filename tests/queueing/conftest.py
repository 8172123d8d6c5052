"""Queues against an emulator."""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from klaviyo_bulk_events import EventQueue, KlaviyoBulkEvents
from klaviyo_bulk_events.emulator import Running
from klaviyo_bulk_events.testing import KlaviyoEmulator

KEY = "pk_0123456789abcdef0123456789abcdef"
FAST = ["1000/s"]
PATIENCE = 30.0


@pytest.fixture
def emulated(klaviyo_emulator: KlaviyoEmulator) -> Running:
    """An emulator without limits of rate, as new."""
    return Running(klaviyo_emulator.url, klaviyo_emulator.core)


@pytest.fixture(params=["memory", "spool"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """Where a queue keeps its events: each test with it is done for both."""
    return {} if request.param == "memory" else {"spool": tmp_path / "spool.db"}


Connect = Callable[..., EventQueue]


@pytest.fixture
def connect(emulated: Running) -> Iterator[Connect]:
    """Make queues; they are closed in the end."""
    queues: list[EventQueue] = []

    def connect(key: str = KEY, timeout: float = 5.0, **options: Any) -> EventQueue:
        given = {"backfill": False, "retry_after": 0.1, "exit_timeout": 5.0, **options}
        klaviyo = KlaviyoBulkEvents(key, base_url=emulated.url, rates=FAST, timeout=timeout)
        queues.append(klaviyo.queue(**given))
        klaviyo.close()
        return queues[-1]

    yield connect
    for queue in queues:
        queue.close(0.0)


def record(number: int, **fields: Any) -> dict[str, Any]:
    """A good record."""
    return {
        "metric": "Viewed Product",
        "profile": {"external_id": str(number % 7)},
        "properties": {"number": number},
        "unique_id": f"view-{number}",
        **fields,
    }


def held(running: Running) -> Counter[str | None]:
    """How often the emulator holds the event of each `unique_id`."""
    return Counter(event.unique_id for event in running.emulator.events())


def ids(count: int, start: int = 0) -> Counter[str | None]:
    """Each of so many events once."""
    return Counter(f"view-{number}" for number in range(start, start + count))


def eventually(is_so: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Whether something comes true in time."""
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


Script = Callable[..., "subprocess.CompletedProcess[str]"]


def environment(url: str) -> dict[str, str]:
    """That of a process that sends to the emulator."""
    return {**os.environ, "KLAVIYO_API_KEY": KEY, "KLAVIYO_BASE_URL": url}


@pytest.fixture
def script(emulated: Running, tmp_path: Path) -> Script:
    """Run a program of its own."""

    def script(code: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-X", "dev", "-c", code],
            env=environment(emulated.url),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return script
