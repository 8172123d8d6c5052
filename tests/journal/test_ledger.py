"""What a journal holds while its run goes on."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from klaviyo_bulk_events import AsyncKlaviyoBulkEvents, KlaviyoBulkEvents
from klaviyo_bulk_events.chunker import Chunk, Chunker
from klaviyo_bulk_events.credentials import ApiKey
from klaviyo_bulk_events.encoder import Encoder
from klaviyo_bulk_events.endpoint import Endpoint
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.journal import FileJournal
from klaviyo_bulk_events.journal.inspection import standing
from klaviyo_bulk_events.journal.ledger import JournalLedger
from klaviyo_bulk_events.ledger import NoLedger
from klaviyo_bulk_events.outcomes import Fate, Outcome, Settlement, Status
from klaviyo_bulk_events.planner import Planner

from .conftest import KEY, record


@pytest.fixture
def ledger(path: Path) -> Iterator[JournalLedger]:
    """The ledger of a run that begins."""
    endpoint = Endpoint.of(ApiKey(KEY), None)
    ledger = FileJournal(path).open(endpoint, Intake(), True)
    yield ledger
    ledger.close()


@pytest.fixture
def chunks(ledger: JournalLedger) -> list[Chunk]:
    """Three requests of two events each."""
    intake = Intake()
    planner = Planner(Encoder(intake, True), intake, Chunker(events=2), repeats=ledger.repeats)
    ready = [planner.take(record(number)) for number in range(7)]
    return [chunk for chunk in ready if isinstance(chunk, Chunk)]


def accepted(chunk: Chunk) -> Settlement:
    return Settlement([Fate(Status.ACCEPTED, tuple(chunk.events))], requests=1, chunk=chunk)


def settled_and_in_flight(path: Path) -> tuple[int, int]:
    now = standing(path)
    return now.counts["status"]["accepted"], now.in_flight


def test_answers_are_remembered_with_the_next_request(
    ledger: JournalLedger, chunks: list[Chunk], path: Path
) -> None:
    """They are on disk when it goes out, and count once when they are told of again."""
    first, second, third = chunks
    ledger.covers(first, 2, [])
    ledger.covers(second, 4, [accepted(first)])
    assert settled_and_in_flight(path) == (2, 2)
    ledger.settled(accepted(first))
    ledger.covers(third, 6, [accepted(first), accepted(second)])
    ledger.settled(accepted(second))
    ledger.settled(accepted(third))
    assert settled_and_in_flight(path) == (6, 0)
    assert standing(path).counts["requests"][0] == 3


def test_what_an_answer_left_open_stays(
    ledger: JournalLedger, chunks: list[Chunk], path: Path
) -> None:
    """Also where it is remembered with the next request."""
    first, second, _ = chunks
    ledger.covers(first, 2, [])
    one, other = first.events
    fates = [Fate(Status.ACCEPTED, (one,)), Fate(Status.UNKNOWN, (other,))]
    ledger.covers(second, 4, [Settlement(fates, requests=1, chunk=first)])
    ledger.settled(accepted(second))
    assert standing(path).set_aside == {"unknown": 1}
    assert settled_and_in_flight(path) == (3, 1)


class Told(NoLedger):
    """Keeps of every request how many were answered when it was to go out."""

    def __init__(self) -> None:
        self.answered: list[int] = []

    def open(self, *of_what_run: object) -> NoLedger:
        return self

    def covers(
        self, ready: Outcome | Chunk | None, reached: int, answered: Iterable[Settlement]
    ) -> None:
        if isinstance(ready, Chunk):
            self.answered.append(len(list(answered)))


SETTINGS: dict[str, Any] = {"api_key": KEY, "base_url": "http://127.0.0.1:9"}


@pytest.mark.parametrize("lanes", [1, 10])
def test_a_run_tells_what_was_answered_before_it_covers_a_request(lanes: int) -> None:
    """So that one write remembers both; it reads one more than may be in flight for that."""
    told, answers = Told(), threading.Semaphore(0)

    def answer(request: httpx.Request) -> httpx.Response:
        assert answers.acquire(timeout=5.0)
        return httpx.Response(202)

    def source() -> Iterator[Any]:
        for number in range(2_500):
            if number in (1_500, 2_250):
                answers.release()
                while not any(run._driver.answered()):
                    threading.Event().wait(0.001)
            yield record(number)
        answers.release()

    transport = httpx.MockTransport(answer)
    with KlaviyoBulkEvents(**SETTINGS, transport=transport, max_in_flight=lanes) as klaviyo:
        run = klaviyo.stream(source(), backfill=True, journal=told)
        assert run.finish().accepted == 2_500
    assert told.answered == [0, 1, 1]


@pytest.mark.parametrize("lanes", [1, 10])
def test_a_run_of_asyncio_does_so_too(lanes: int) -> None:
    """Its tasks are looked at while none of them runs."""
    told, answers = Told(), asyncio.Semaphore(0)

    async def answer(request: httpx.Request) -> httpx.Response:
        await asyncio.wait_for(answers.acquire(), 5.0)
        return httpx.Response(202)

    async def send() -> int:
        async def source() -> AsyncIterator[Any]:
            for number in range(2_500):
                if number in (1_500, 2_250):
                    answers.release()
                    while not any(run._driver.answered()):
                        await asyncio.sleep(0.001)
                yield record(number)
            answers.release()

        transport = httpx.MockTransport(answer)
        settings = {**SETTINGS, "transport": transport, "max_in_flight": lanes}
        async with AsyncKlaviyoBulkEvents(**settings) as klaviyo:
            run = klaviyo.stream(source(), backfill=True, journal=told)
            return (await run.finish()).accepted

    assert asyncio.run(send()) == 2_500
    assert told.answered == [0, 1, 1]
