"""Queues for asyncio, and in a real ASGI server."""

import asyncio
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import httpx
import pytest

from klaviyo_bulk_events import (
    AsyncEventQueue,
    AsyncKlaviyoBulkEvents,
    ConfigurationError,
    KlaviyoBulkEvents,
    Outcome,
    QueueFullError,
    SpoolError,
    Status,
)
from klaviyo_bulk_events.emulator import Running

from .conftest import FAST, KEY, environment, eventually, held, ids, record

Kept = dict[str, Any]
Use = Callable[[AsyncEventQueue], Coroutine[Any, Any, None]]


def run(emulated: Running, use: Use, **options: Any) -> None:
    """Use a queue in an event loop, and close it."""

    async def main() -> None:
        given = {"backfill": False, "retry_after": 0.1, "exit_timeout": 5.0, **options}
        async with AsyncKlaviyoBulkEvents(
            KEY, base_url=emulated.url, rates=FAST, timeout=5
        ) as klaviyo:
            queue = klaviyo.queue(**given)
        async with queue:
            await use(queue)

    asyncio.run(main())


def test_put_and_flush(emulated: Running, kept: Kept) -> None:
    """What is put is sent; the numbers are those of the queue beneath."""

    async def use(queue: AsyncEventQueue) -> None:
        assert await queue.flush()
        for number in range(100):
            await queue.put(record(number))
        assert (await queue.stats()).waiting == 100
        assert await queue.flush(10)
        assert (await queue.stats()).accepted == 100

    run(emulated, use, max_age=60, **kept)
    assert held(emulated) == ids(100)


def test_many_tasks(emulated: Running, kept: Kept) -> None:
    """Tasks put side by side; a context sends what they left."""

    async def use(queue: AsyncEventQueue) -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(500):
                group.create_task(queue.put(record(number)))

    run(emulated, use, max_age=60, **kept)
    assert held(emulated) == ids(500)


def test_callbacks_on_the_loop(emulated: Running, kept: Kept) -> None:
    """Outcomes are told in the thread of the loop, those of put itself, too."""
    told: list[tuple[Status, int]] = []

    def tell(outcome: Outcome) -> None:
        told.append((outcome.status, threading.get_ident()))
        raise RuntimeError

    async def use(queue: AsyncEventQueue) -> None:
        await queue.put(record(1))
        await queue.put({"metric": ""})
        await queue.flush(10)
        await asyncio.sleep(0)

    run(emulated, use, on_outcome=tell, **kept)
    here = threading.get_ident()
    assert sorted(told) == [(Status.ACCEPTED, here), (Status.REJECTED, here)]


def test_what_a_process_before_left_is_told_on_the_loop(emulated: Running, tmp_path: Path) -> None:
    """Also where nothing is put: the loop in which the sender was started hears of it."""
    spool = {"spool": tmp_path / "spool.db", "backfill": False}
    with KlaviyoBulkEvents(KEY, base_url=emulated.url) as klaviyo:
        before = klaviyo.queue(max_age=3_600, **spool)
        for number in range(3):
            before.put(record(number))
        before.close(0)
    told: list[Outcome] = []

    async def use(queue: AsyncEventQueue) -> None:
        queue.start()
        while len(told) < 3:
            await asyncio.sleep(0.01)

    run(emulated, use, on_outcome=told.append, max_age=0.01, spool=spool["spool"])
    assert [outcome.status for outcome in told] == [Status.ACCEPTED] * 3


@pytest.mark.parametrize("when_full", ["drop", "raise"])
def test_full(emulated: Running, kept: Kept, when_full: str) -> None:
    """Without room, an event is dropped, or the call raises."""

    async def use(queue: AsyncEventQueue) -> None:
        await queue.put(record(0))
        if when_full == "raise":
            with pytest.raises(QueueFullError):
                await queue.put(record(1))
        else:
            await queue.put(record(1))
        stats = await queue.stats()
        assert (stats.put, stats.dropped) == ((1, 0) if when_full == "raise" else (2, 1))

    run(emulated, use, max_events=1, max_age=60, when_full=when_full, **kept)
    assert held(emulated) == ids(1)


def test_full_and_block(emulated: Running, kept: Kept) -> None:
    """Without room a put waits, and nothing else does; who is cancelled meanwhile put nothing."""

    async def use(queue: AsyncEventQueue) -> None:
        emulated.emulator.set_faults({"html_503": 1.0})
        await queue.put(record(0))
        blocked = asyncio.create_task(queue.put(record(1)))
        cancelled = asyncio.create_task(queue.put(record(2)))
        await asyncio.sleep(0.2)
        assert not blocked.done()
        cancelled.cancel()
        emulated.emulator.set_faults({})
        await blocked
        assert (await queue.stats()).put == 2

    run(emulated, use, max_events=1, max_age=0.01, when_full="block", **kept)
    assert held(emulated) == ids(2)


def test_the_loop_goes_on(emulated: Running, kept: Kept) -> None:
    """While a slow answer is waited for, the loop does not miss a beat."""

    async def use(queue: AsyncEventQueue) -> None:
        emulated.emulator.inject("slow", 1)
        await queue.put(record(0))
        flushing = asyncio.create_task(queue.flush(10))
        longest, before = 0.0, time.monotonic()
        while not flushing.done():
            await asyncio.sleep(0.005)
            longest, before = max(longest, time.monotonic() - before), time.monotonic()
        assert flushing.result()
        assert longest < 0.5

    run(emulated, use, **kept)


def test_closed(emulated: Running, kept: Kept) -> None:
    """A closed queue takes nothing."""

    async def use(queue: AsyncEventQueue) -> None:
        assert await queue.close()
        with pytest.raises(ConfigurationError):
            await queue.put(record(0))

    run(emulated, use, **kept)


def test_what_can_not_be_written(emulated: Running, tmp_path: Path) -> None:
    """A put that fails says so to whoever awaits it."""

    async def use(queue: AsyncEventQueue) -> None:
        await queue.put(record(0))
        spool = queue._queue._backlog
        with spool._putting.use() as connection:  # type: ignore[attr-defined]
            connection.execute("PRAGMA query_only=ON")
        with pytest.raises(SpoolError):
            await queue.put(record(1))
        with spool._putting.use() as connection:  # type: ignore[attr-defined]
            connection.execute("PRAGMA query_only=OFF")
        assert (await queue.stats()).put == 1

    run(emulated, use, max_age=60, spool=tmp_path / "spool.db")
    assert held(emulated) == ids(1)


APPLICATION = """
import os
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from klaviyo_bulk_events import AsyncKlaviyoBulkEvents

VERSION = 1
klaviyo = AsyncKlaviyoBulkEvents(rates=["1000/s"], timeout=5)
queue = klaviyo.queue(backfill=False, {options})

@asynccontextmanager
async def lifespan(app):
    async with queue:
        yield

async def view(request):
    number = request.path_params["number"]
    await queue.put({{
        "metric": "Viewed Product",
        "profile": {{"external_id": "1"}},
        "properties": {{"number": number}},
        "unique_id": f"view-{{number}}",
    }})
    return PlainTextResponse(str(VERSION))

app = Starlette(routes=[Route("/{{number:int}}", view)], lifespan=lifespan)
"""


def application(kept: Kept) -> str:
    spool = f"spool={str(kept['spool'])!r}," if kept else ""
    return APPLICATION.format(options=f"{spool} max_age=60")


class Server:
    """A real uvicorn."""

    def __init__(self, url: str, folder: Path, *options: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.port = listening.getsockname()[1]
        command = [sys.executable, "-m", "uvicorn", "shop:app", "--port", str(self.port), *options]
        self.process = subprocess.Popen(
            command,
            env=environment(url),
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def get(self, number: int) -> str | None:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/{number}", timeout=10).text
        except httpx.HTTPError:
            return None

    def end(self) -> str:
        self.process.send_signal(signal.SIGTERM)
        try:
            output, _ = self.process.communicate(timeout=20)
        finally:
            self.process.kill()
        return output


@pytest.mark.parametrize("options", [(), ("--workers", "2")])
def test_uvicorn_shutdown(
    tmp_path: Path, emulated: Running, kept: Kept, options: tuple[str, ...]
) -> None:
    """SIGTERM ends a server only when all that its requests put is sent."""
    (tmp_path / "shop.py").write_text(application(kept))
    server = Server(emulated.url, tmp_path, *options)
    assert eventually(lambda: server.get(0) is not None)
    for number in range(1, 50):
        assert server.get(number) == "1"
    said = server.end()
    assert "Traceback" not in said
    assert held(emulated) == ids(50)


def test_uvicorn_reload(tmp_path: Path, emulated: Running, kept: Kept) -> None:
    """A reload loses nothing of what was put before it, nor of what comes after it."""
    source = tmp_path / "shop.py"
    source.write_text(application(kept))
    server = Server(emulated.url, tmp_path, "--reload", "--reload-dir", str(tmp_path))
    assert eventually(lambda: server.get(0) == "1")
    for number in range(1, 20):
        assert server.get(number) == "1"
    time.sleep(1)  # a file must get another time
    source.write_text(application(kept).replace("VERSION = 1", "VERSION = 2"))
    assert eventually(lambda: server.get(20) == "2")
    for number in range(21, 40):
        assert server.get(number) == "2"
    said = server.end()
    assert "Traceback" not in said
    assert held(emulated) == ids(40)
