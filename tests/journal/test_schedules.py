"""A journaled run through many deaths: a simulated server, and no waiting."""

import functools
import itertools
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from klaviyo_bulk_events import KlaviyoBulkEvents
from klaviyo_bulk_events.chunker import Chunker
from klaviyo_bulk_events.journal.store import Store
from klaviyo_bulk_events.report import Report, StoppedError

from .conftest import KEY, record

_EVENTS_A_REQUEST = 3
_ENTRY = "/data/attributes/events-bulk-create/data/{}/attributes/events/data/{}"

actions = st.sampled_from(["accept", "lose", "reset", "fail", "fail after all"])
deaths = st.lists(st.integers(1, 25), max_size=6)


class Server:
    """Holds each key once; refuses poisoned events and, if it `names` them, repeats."""

    def __init__(self, schedule: list[str], *, names: bool) -> None:
        self.held: dict[str, int] = {}
        self._schedule = itertools.chain(schedule, itertools.repeat("accept"))
        self._names = names
        self.is_dead = False

    def answer(self, request: httpx.Request) -> httpx.Response:
        if self.is_dead:
            # Nothing leaves a dead process; this ends what the simulation has left of it.
            return httpx.Response(410, json={"errors": [{"id": "1", "code": "gone"}]})
        action = next(self._schedule)
        if action == "reset":
            raise httpx.ReadError("reset before it was processed")
        if action == "fail":
            return httpx.Response(503, html="<p>try later</p>")
        response = self._process(json.loads(request.read()))
        if action == "lose":
            raise httpx.ReadTimeout("processed, and the answer is lost")
        return httpx.Response(500) if action == "fail after all" else response

    def _process(self, body: dict[str, Any]) -> httpx.Response:
        entries = body["data"]["attributes"]["events-bulk-create"]["data"]
        events = {
            _ENTRY.format(at, number): event["attributes"]
            for at, entry in enumerate(entries)
            for number, event in enumerate(entry["attributes"]["events"]["data"])
        }
        errors = [error for at, event in events.items() for error in self._errors(at, event)]
        if errors:
            return httpx.Response(400, json={"errors": errors})
        for event in events.values():
            self.held.setdefault(event["unique_id"], event["properties"]["number"])
        return httpx.Response(202)

    def _errors(self, pointer: str, event: dict[str, Any]) -> Iterator[dict[str, Any]]:
        fault = {"id": "1", "title": "No", "detail": "No.", "source": {"pointer": pointer}}
        if event["properties"].get("poisoned"):
            yield {**fault, "code": "invalid"}
        elif self._names and event["unique_id"] in self.held:
            yield {**fault, "code": "duplicate"}


class Death:
    """Copies the journal as it stands on disk at a commit: all that a kill -9 would leave."""

    def __init__(self, server: Server, journal: Path, at: int, *, before: bool) -> None:
        self._server = server
        self._journal = journal
        self._left = at
        self._before = before
        self.remains: Path | None = None

    @contextmanager
    def writing(self, store: Store, original: Any) -> Iterator[None]:
        with store._lock:
            self._left -= 1
            dies = self._left == 0
            with original(store):
                yield
                if dies and self._before:
                    self._die()
            if dies and not self._before:
                self._die()

    def _die(self) -> None:
        folder = self._journal.parent / f"after {self._journal.parent.name}"
        folder.mkdir()
        for file in self._journal.parent.glob(f"{self._journal.name}*"):
            if not file.name.endswith(("-shm", "-lock")):
                shutil.copy(file, folder)
        self.remains = folder / self._journal.name
        self._server.is_dead = True


def source(count: int) -> list[dict[str, Any]]:
    """Good events, poisoned ones, records that break a rule, and each of these again."""
    records = []
    for number in range(count):
        made = record(number)
        if number % 5 == 4:
            made = records[number - 2]
        elif number % 7 == 3:
            made["properties"] = {"number": number + 1, "poisoned": True}
        elif number % 11 == 10:
            made["time"] = "no time"
        records.append(made)
    return records


def session(server: Server, records: list[dict[str, Any]], journal: Path) -> Report:
    """Run until the source has ended, or until nothing can be sent any more."""
    transport = httpx.MockTransport(server.answer)
    with KlaviyoBulkEvents(
        KEY, base_url="http://127.0.0.1:9", rates=["1000000/s"], transport=transport
    ) as klaviyo:
        try:
            return klaviyo.send(records, backfill=True, journal=journal)
        except StoppedError as stopped:
            return stopped.report


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    count=st.integers(0, 40),
    schedule=st.lists(actions, max_size=15),
    deaths=deaths,
    before=st.booleans(),
    names=st.booleans(),
)
def test_any_schedule_of_faults_and_deaths(
    count: int, schedule: list[str], deaths: list[int], before: bool, names: bool
) -> None:
    """However often it dies, in the end every valid event is there once and the sums are right."""
    server = Server(schedule, names=names)
    records = source(count)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("random.random", lambda: 0.0)  # the jitter: no retry waits
        small = functools.partial(Chunker, events=_EVENTS_A_REQUEST)
        patch.setattr("klaviyo_bulk_events.planner.Chunker", small)
        journal = Path(folder, "0", "run.db")
        journal.parent.mkdir()
        for at in deaths:
            journal = _until_death(server, records, journal, at, before=before)
        report = session(server, records, journal)

    _check(report, server, records)


def _until_death(
    server: Server, records: list[dict[str, Any]], journal: Path, at: int, *, before: bool
) -> Path:
    """Run until the commit of that number, if there are so many; where the journal is then."""
    death = Death(server, journal, at, before=before)
    original = Store.writing
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "writing", lambda store: death.writing(store, original))
        session(server, records, journal)
    server.is_dead = False
    return death.remains or journal


def _check(report: Report, server: Server, records: list[dict[str, Any]]) -> None:
    good, poisoned, repeats, broken = {}, 0, 0, 0
    met: set[str] = set()
    for made in records:
        if made["time"] == "no time":
            broken += 1
        elif made["unique_id"] in met:
            repeats += 1
        else:
            met.add(made["unique_id"])
            if made["properties"].get("poisoned"):
                poisoned += 1
            else:
                good[made["unique_id"]] = made["properties"]["number"]

    assert server.held == good
    assert report.submitted == len(records)
    assert report.unknown == report.unsent == 0
    assert report.accepted + report.duplicate == len(good) + repeats
    assert report.rejected == poisoned + broken
