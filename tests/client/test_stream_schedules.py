"""Thousands of streams to a simulated server, on a clock that jumps to whatever comes next."""

import asyncio
import random
import selectors
import time
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from types import SimpleNamespace
from typing import Any

import httpx
import orjson
import pytest

from klaviyo_bulk_events import (
    AsyncAccounts,
    Outcome,
    Report,
    Status,
    async_driver,
    credentials,
    endpoint,
    lanes,
    limiting,
    settings,
    waiting,
)
from klaviyo_bulk_events import account_legs as legs
from klaviyo_bulk_events import report as reports
from klaviyo_bulk_events.limiter import Limiter
from klaviyo_bulk_events.places import MemoryPlaces

SCHEDULES = 60
AT_KLAVIYO = (Status.ACCEPTED, Status.DUPLICATE)


class Clock:
    now = 1_000.0

    def read(self) -> float:
        return self.now


class Loop(asyncio.SelectorEventLoop):
    """Lives by the clock, which jumps."""

    def __init__(self, clock: Clock) -> None:
        self.time = clock.read  # type: ignore[method-assign]
        super().__init__(Jumping(clock))


class Jumping(selectors.DefaultSelector):
    """Instead of waiting it is later; where nobody waits for a time, nothing will ever happen."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> Any:
        found = super().select(0)
        if not found:
            assert timeout is not None, "everybody waits for somebody else"
            self._clock.now += max(timeout, 0.0)
        return found


class Server(httpx.AsyncBaseTransport):
    """Has a memory for each account, is slow, and has bad days; some keys are refused."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._faults = rng.choice([0.0, 0.0, 0.1, 0.4])
        self._slow = rng.choice([0.0, 0.01, 5.0])
        self._revoked_after = {
            f"key-{n}": rng.choice([0, 3]) for n in range(7) if rng.random() < 0.2
        }
        self._requests = Counter[str]()
        self.memory: dict[str, set[str]] = defaultdict(set)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        key = request.headers["Authorization"].split()[-1]
        await asyncio.sleep(self._rng.random() * self._slow)
        self._requests[key] += 1
        if self._requests[key] > self._revoked_after.get(key, 1_000_000):
            return self._answer(401, "not_authenticated")
        if self._rng.random() < self._faults:
            return await self._fail(key, body)
        return self._process(key, body)

    async def _fail(self, key: str, body: bytes) -> httpx.Response:
        kind = self._rng.choice(["429", "500", "cut", "silent", "unreached"])
        if kind == "unreached":
            raise httpx.ConnectError("refused")
        if kind == "429":
            return self._answer(429, "throttled", {"Retry-After": "2"})
        if self._rng.random() < 0.5:
            self._process(key, body)
        if kind == "cut":
            raise httpx.ReadError("reset")
        if kind == "silent":
            await asyncio.sleep(1_000)
        return self._answer(500, "error")

    def _process(self, key: str, body: bytes) -> httpx.Response:
        entries = orjson.loads(body)["data"]["attributes"]["events-bulk-create"]["data"]
        ids = {
            event["attributes"]["unique_id"]
            for entry in entries
            for event in entry["attributes"]["events"]["data"]
        }
        self.memory[key] |= ids
        return httpx.Response(202)

    def _answer(self, status: int, code: str, headers: Any = None) -> httpx.Response:
        error = {"id": "1", "code": code, "detail": "No.", "source": {}}
        return httpx.Response(status, json={"errors": [error]}, headers=headers)


class Schedule:
    """A stream: its records, what ends it, and what was told of them."""

    def __init__(self, seed: int, clock: Clock) -> None:
        rng = self.rng = random.Random(seed)
        self.clock = clock
        self.accounts = rng.randint(1, 7)
        self.at_once = rng.choice([1, 2, 200])
        self.server = Server(rng)
        self.ending = rng.choice(["", "", "", "stop", "cancel", "raise"])
        self.records = [self.record(number) for number in range(rng.choice([0, 3, 40, 200]))]
        self.ends_at = rng.randrange(len(self.records) + 1)
        self.read: list[dict[str, Any]] = []
        self.told: dict[str, list[Outcome]] = defaultdict(list)
        self.limits = {
            "in_memory": rng.choice([0, 3, 1_000]),
            "on_disk": rng.choice([0, 10**3, 10**9]),
        }
        self.reports: dict[str, Report] | None = None

    def record(self, number: int) -> dict[str, Any]:
        rng = self.rng
        shop = min(rng.randrange(self.accounts), rng.randrange(self.accounts))
        return {
            "account": f"shop-{shop}" if rng.random() < 0.97 else rng.choice(["nobody", None]),
            "metric": "Sold",
            "profile": {"external_id": "1"},
            "time": "2025-05-05T12:00:00Z" if rng.random() < 0.98 else "soon",
            "unique_id": f"order-{number if rng.random() < 0.95 else number // 2}",
        }

    async def source(self) -> AsyncGenerator[dict[str, Any]]:
        waits = self.rng.choice([0.0, 0.0, 0.3])
        for number, record in enumerate(self.records):
            if number == self.ends_at and self.ending:
                await self.end()
            if self.rng.random() < waits:
                await asyncio.sleep(self.rng.random())
            self.read.append(record)
            yield record
        if self.ends_at == len(self.records) and self.ending:
            await self.end()

    async def end(self) -> None:
        """What ends it comes at once, or while its last requests are under way."""
        if self.ending == "raise":
            raise OSError("the source broke")
        later = asyncio.get_running_loop().call_later
        later(self.rng.choice([0.0, 0.1, 9.0]), getattr(self, self.ending))

    def stop(self) -> None:
        self.stream.stop()

    def cancel(self) -> None:
        self.task.cancel()

    async def run(self) -> None:
        keys = {f"shop-{number}": f"key-{number}" for number in range(self.accounts)}
        async with (
            AsyncAccounts(
                keys,
                at_once=self.at_once,
                rates=["5/s"],
                timeout=20.0,
                deadline=self.rng.choice([1.0, 60.0]),
                base_url="https://klaviyo.invalid",
                transport=self.server,
            ) as self.stream,
            aclosing(self.source()) as source,
        ):
            sending = self.stream.send_stream(
                source,
                backfill=True,
                on_outcome=lambda account, outcome: self.told[account].append(outcome),
                **self.limits,
            )
            began = self.clock.now
            self.task = asyncio.create_task(sending)
            await asyncio.wait([self.task])
            self.seconds = self.clock.now - began
            assert asyncio.all_tasks() == {asyncio.current_task()}

    def check(self) -> None:
        """All of what was read is told once, and what is told is true."""
        self.check_end()
        by_account = Counter(self.account_of(record) for record in self.read)
        assert {name: len(told) for name, told in self.told.items()} == dict(by_account)
        for account, told in self.told.items():
            assert sorted(outcome.position for outcome in told) == list(range(len(told)))
            self.check_truth(account, told)
        for account, report in (self.reports or {}).items():
            counted = Counter(outcome.status for outcome in self.told[account])
            assert {status: getattr(report, status.value) for status in counted} == dict(counted)
            assert report.submitted == len(self.told[account])
        self.check_seconds()

    def check_seconds(self) -> None:
        """Accounts served one after the other take no longer than the whole."""
        each = [report.seconds for report in (self.reports or {}).values()]
        longest = sum(each) if self.at_once == 1 else max(each, default=0.0)
        assert longest <= self.seconds + 1e-6

    def check_end(self) -> None:
        if self.task.cancelled():
            assert self.ending == "cancel"
        elif self.task.exception() is not None:
            assert isinstance(self.task.exception(), OSError)
            assert self.ending == "raise"
        else:
            self.reports = self.task.result()

    def check_truth(self, account: str, told: list[Outcome]) -> None:
        there = self.server.memory[account.replace("shop", "key")]
        ids: dict[Status, set[Any]] = defaultdict(set)
        for outcome in told:
            record: Any = outcome.record
            ids[outcome.status].add(record["unique_id"])
        assert ids[Status.ACCEPTED] <= there
        maybe = ids[Status.ACCEPTED] | ids[Status.UNKNOWN] | ids[Status.DUPLICATE]
        assert there <= maybe
        assert not there & (ids[Status.UNSENT] - maybe)

    def account_of(self, record: dict[str, Any]) -> str:
        known = str(record["account"]).startswith("shop-")
        return record["account"] if known else ""


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of all that waits; blocks and legs are small, so that there are many."""
    clock = Clock()
    # Not in the time module itself: servers of other tests live in this process.
    for module in (async_driver, credentials, endpoint, lanes, reports, settings):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=clock.read, time=time.time))
    monkeypatch.setattr(settings, "Limiter", partial(Limiter, clock=clock.read))
    monkeypatch.setattr(limiting, "MemoryPlaces", partial(MemoryPlaces, clock=clock.read))
    monkeypatch.setattr(httpx, "create_ssl_context", lambda: False)  # it takes longest of all
    monkeypatch.setattr(legs, "BLOCK", 5)
    monkeypatch.setattr(waiting, "BLOCK", 5)
    monkeypatch.setattr(legs, "ENOUGH", 10)
    monkeypatch.setattr(legs, "_BLOCKS_OF_A_LEG", 3)
    return clock


@pytest.mark.parametrize("block", range(20))
def test_every_record_is_told_once_and_truly(clock: Clock, block: int) -> None:
    """Whatever fails, is refused, stopped, cancelled or slow; and nobody waits for ever."""
    for seed in range(block * SCHEDULES, (block + 1) * SCHEDULES):
        schedule = Schedule(seed, clock)
        with asyncio.Runner(loop_factory=partial(Loop, clock)) as runner:
            runner.run(schedule.run())
        try:
            schedule.check()
        except AssertionError as error:
            error.add_note(f"seed {seed}")
            raise
