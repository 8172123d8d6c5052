"""What can be seen of a delivery from outside: log records, metrics, traces."""

import asyncio
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY

from klaviyo_bulk_events import AsyncKlaviyoBulkEvents, KlaviyoBulkEvents
from klaviyo_bulk_events.emulator import Running

DOCS = Path(__file__).parents[2] / "docs" / "watching.md"
KEY = "pk_0123456789abcdef"
Connect = Callable[..., Any]
Make = Callable[..., Iterator[Any]]


def test_records_have_fields_and_no_events(
    connect: Connect, emulated: Running, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """Every attempt, retry and settlement, with what there is to know of it."""
    emulated.emulator.inject("json_503", times=1)
    with caplog.at_level(logging.DEBUG, "klaviyo_bulk_events"):
        connect().send(make(3))
    told = {record.getMessage().partition(":")[0]: record for record in caplog.records}
    assert told.keys() >= {"answered", "retrying", "settled"}
    last = vars(told["answered"])
    assert (last["klaviyo_attempt"], last["klaviyo_events"]) == (2, 3)
    assert last["klaviyo_reply"] == "HTTP 202"
    assert last["klaviyo_seconds"] > 0.0
    assert vars(told["settled"])["klaviyo_accepted"] == 3
    shown = "\n".join(str(vars(record)) for record in caplog.records)
    assert KEY not in shown
    assert "order-1" not in shown


def test_an_answer_is_logged_by_its_weight(
    connect: Connect, emulated: Running, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """A 429 is a warning, another failure is worth telling, success is not."""
    emulated.emulator.inject("throttled_bare", times=1)
    with caplog.at_level(logging.INFO, "klaviyo_bulk_events"):
        connect().send(make(1))
    levels = {r.getMessage().partition(":")[0]: r.levelno for r in caplog.records}
    assert levels == {"answered": logging.INFO, "paused": logging.WARNING}


def code_of(heading: str) -> str:
    text = DOCS.read_text().partition(f"## {heading}\n")[2]
    block = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert block is not None
    return block[1]


def test_the_exporter_in_the_docs(
    emulated: Running, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It counts events by status, and requests by answer with their seconds."""
    monkeypatch.setenv("KLAVIYO_API_KEY", KEY)
    monkeypatch.setenv("KLAVIYO_BASE_URL", emulated.url)
    scope: dict[str, Any] = {}
    exec(code_of("Metrics"), scope)
    klaviyo: KlaviyoBulkEvents = scope["klaviyo"]
    emulated.emulator.inject("json_503", times=1)
    with klaviyo:
        klaviyo.send([*make(3), *make(1)], backfill=True)
    value = REGISTRY.get_sample_value
    assert value("klaviyo_events_total", {"status": "accepted"}) == 3
    assert value("klaviyo_events_total", {"status": "duplicate"}) == 1
    assert value("klaviyo_request_seconds_count", {"answer": "202"}) == 1
    assert value("klaviyo_request_seconds_count", {"answer": "503"}) == 1


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrumentor = HTTPXClientInstrumentor()
    instrumentor.instrument(tracer_provider=provider)
    yield exporter
    instrumentor.uninstrument()


@pytest.mark.parametrize("kind", ["blocking", "asyncio"])
def test_a_span_for_each_attempt(
    kind: str, emulated: Running, make: Make, spans: InMemorySpanExporter
) -> None:
    """With the instrumentation of httpx, and without depending on it."""
    emulated.emulator.inject("json_503", times=1)
    if kind == "blocking":
        with KlaviyoBulkEvents(KEY, base_url=emulated.url) as klaviyo:
            klaviyo.send(make(1), backfill=True)
    else:

        async def send() -> None:
            async with AsyncKlaviyoBulkEvents(KEY, base_url=emulated.url) as klaviyo:
                await klaviyo.send(make(1), backfill=True)

        asyncio.run(send())
    found = [dict(span.attributes or {}) for span in spans.get_finished_spans()]
    statuses = [a.get("http.status_code", a.get("http.response.status_code")) for a in found]
    assert statuses == [503, 202]
    assert KEY not in str(found)
