"""What a journal means to an event loop."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from klaviyo_bulk_events import AsyncKlaviyoBulkEvents, Report
from klaviyo_bulk_events.emulator import Running
from klaviyo_bulk_events.journal import bodies, ledger
from klaviyo_bulk_events.journal.inspection import standing
from klaviyo_bulk_events.steps import Answered

from .conftest import KEY

Records = Callable[[int], list[dict[str, Any]]]
PATIENCE = 20.0


def test_the_loop_does_not_wait_for_the_disk(
    emulated: Running, records: Records, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is synchronised before requests and after answers is written in threads."""
    writers: dict[str, set[int]] = {"covers": set(), "_settle": set()}

    def noting(name: str) -> None:
        write = getattr(ledger.JournalLedger, name)

        def note(*args: Any) -> None:
            writers[name].add(threading.get_ident())
            write(*args)

        monkeypatch.setattr(ledger.JournalLedger, name, note)

    async def send() -> Report:
        async with AsyncKlaviyoBulkEvents(KEY, base_url=emulated.url, rates=["99/s"]) as klaviyo:
            return await klaviyo.send(records(3_500), backfill=True, journal=path)

    noting("covers")
    noting("_settle")
    assert asyncio.run(send()).accepted == 3_500
    assert all(writers.values())
    assert threading.get_ident() not in writers["covers"] | writers["_settle"]


def test_closed_before_it_began(emulated: Running, records: Records, path: Path) -> None:
    """A run of which nothing was asked lets go of its journal, and of the limiter, too."""

    async def send() -> Report:
        async with AsyncKlaviyoBulkEvents(KEY, base_url=emulated.url) as klaviyo:
            run = klaviyo.stream(records(10), backfill=True, journal=path)
            await run.aclose()
            assert run.report().submitted == 0
            return await klaviyo.send(records(10), backfill=True, journal=path)

    assert asyncio.run(send()).accepted == 10


def test_cancelled_while_it_is_written(
    emulated: Running, records: Records, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was being written is complete, and was never sent: another session may send it."""
    cancelled = threading.Event()
    write = bodies._sync

    async def send() -> Report:
        loop = asyncio.get_running_loop()

        def sync(file: int) -> None:
            loop.call_soon_threadsafe(task.cancel)
            loop.call_soon_threadsafe(task.cancel)
            loop.call_soon_threadsafe(cancelled.set)
            assert cancelled.wait(PATIENCE)
            write(file)

        async with AsyncKlaviyoBulkEvents(KEY, base_url=emulated.url) as klaviyo:
            run = klaviyo.stream(records(1_500), backfill=True, journal=path)
            task = asyncio.create_task(run.finish())
            with monkeypatch.context() as patch:
                patch.setattr(bodies, "_sync", sync)
                with pytest.raises(asyncio.CancelledError):
                    await task
            return run.report()

    report = asyncio.run(send())
    assert report.unsent == report.submitted == 1_001
    assert standing(path).set_aside == {"unsent": 1_000}
    assert emulated.emulator.summary()["requests"] == 0


@pytest.mark.parametrize("kept", [True, False])
def test_answers_that_came_together_all_count(
    emulated: Running, records: Records, path: Path, kept: bool
) -> None:
    """Whoever leaves the loop after the first of them has the others in the report."""
    answered = asyncio.Semaphore(0)

    async def source() -> AsyncIterator[Any]:
        for number, record in enumerate(records(3_500)):
            if number == 3_000:
                await answered.acquire()
                await answered.acquire()
                for _ in range(10):  # turns in which their tasks end
                    await asyncio.sleep(0)
            yield record

    async def send() -> Report:
        settings: dict[str, Any] = {"base_url": emulated.url, "rates": ["99/s"]}
        settings["on_event"] = lambda notice: isinstance(notice, Answered) and answered.release()
        async with AsyncKlaviyoBulkEvents(KEY, **settings) as klaviyo:
            run = klaviyo.stream(source(), backfill=True, journal=path if kept else None)
            async for _ in run:
                break
            await run.aclose()
            return run.report()

    report = asyncio.run(send())
    assert report.accepted == emulated.emulator.summary()["requests"] * 1_000 >= 2_000
