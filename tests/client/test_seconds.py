"""How long a run took."""

import asyncio
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from klaviyo_bulk_events import AsyncKlaviyoBulkEvents, KlaviyoBulkEvents, report

from .conftest import KEY, Client


class Clock:
    now = 1_000.0

    def read(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(report, "time", SimpleNamespace(monotonic=clock.read))
    return clock


def test_a_run_s_time_ends_with_it(
    client: Client, clock: Clock, make: Callable[..., Iterator[Any]]
) -> None:
    """Whoever asks for the report later is told the same."""
    runs = []

    def see(run: Any, outcome: Any) -> None:
        runs.append(run)
        clock.now += 2.0

    assert client.stream(make(3), see).seconds == 6.0
    clock.now += 100.0
    assert runs[0].report().seconds == 6.0


def test_a_run_that_is_left_has_its_time(
    client: Client, clock: Clock, make: Callable[..., Iterator[Any]]
) -> None:
    """It ends where it was stopped."""

    def source() -> Iterator[Any]:
        clock.now += 7.0
        yield from make(1)
        raise OSError("the source broke")

    with pytest.raises(OSError, match="the source broke") as raised:
        client.send(source())
    assert "seconds=7.0" in raised.value.__notes__[0]


def test_a_run_that_never_began_took_no_time(clock: Clock) -> None:
    """Nor does it take any later."""

    async def tasks() -> float:
        async with AsyncKlaviyoBulkEvents(KEY) as klaviyo:
            run = klaviyo.stream([], backfill=True)
            clock.now += 5.0
            await run.aclose()
            return run.report().seconds

    with KlaviyoBulkEvents(KEY) as klaviyo:
        run = klaviyo.stream([], backfill=True)
        clock.now += 5.0
        run.close()
        assert run.report().seconds == 0.0
    assert asyncio.run(tasks()) == 0.0
