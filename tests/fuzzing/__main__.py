"""Coverage-guided fuzzing with atheris: `python tests/fuzzing TARGET [libFuzzer's options]`.

Nothing may leave a target but what its documentation names, which it catches; libFuzzer itself
reports what takes too long or too much memory.
"""

import json
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import atheris

with atheris.instrument_imports(include=["klaviyo_bulk_events"]):
    from klaviyo_bulk_events import Event, Intake, RecordError, refusals, retry
    from klaviyo_bulk_events.answers import read_answer, read_retry_after
    from klaviyo_bulk_events.chunker import Chunk
    from klaviyo_bulk_events.settings import planner
    from klaviyo_bulk_events.sources import json_text

NOW: Final = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def a_chunk() -> Chunk:
    plan = planner(Intake(), True)
    for number in range(6):
        profile = {"external_id": str(number % 2)}
        plan.take(
            {"metric": "A", "profile": profile, "time": "2025-05-05T12:00:00Z", "value": number}
        )
    chunk = plan.finish()
    if chunk is None:
        raise AssertionError("the events were not taken")
    return chunk


CHUNK: Final = a_chunk()


WORDS: Final = (
    *("metric", "profile", "time", "value", "properties", "unique_id", "backfill", "email", "x"),
    *("external_id", "phone_number", "location", "latitude", "errors", "id", "code", "source"),
    *("pointer", "detail", "duplicate", "2025-05-05T12:00:00", "+447700900000", "a@b.co"),
    "/data/attributes/events-bulk-create/data/0/attributes/events/data/1/attributes/unique_id",
    "/data/attributes/events-bulk-create/data/1/attributes/profile",
    "/data/attributes/events-bulk-create/data/1",
)


def text(dice: atheris.FuzzedDataProvider) -> str:
    if dice.ConsumeBool():
        return dice.PickValueInList(list(WORDS))
    return dice.ConsumeUnicode(dice.ConsumeIntInRange(0, 40))


def value(dice: atheris.FuzzedDataProvider, depth: int = 0) -> Any:
    """Any JSON value, often with names that mean something."""
    kind = dice.ConsumeIntInRange(0, 7 if depth < 6 else 4)
    if kind > 4:
        size = dice.ConsumeIntInRange(0, 5)
        if kind == 5:
            return [value(dice, depth + 1) for _ in range(size)]
        return {text(dice): value(dice, depth + 1) for _ in range(size)}
    if kind == 0:
        return dice.PickValueInList([None, True, False])
    if kind == 1:
        return dice.ConsumeInt(10)
    return dice.ConsumeFloat() if kind == 2 else text(dice)


def records(data: bytes) -> None:
    """A line of JSON, and anything that JSON may hold, on their way to an event."""
    with suppress(RecordError):
        json_text.parse(data)
    record = value(atheris.FuzzedDataProvider(data))
    planner(Intake(unix_time=True, rest_as_properties=True), True).take(record)
    if isinstance(record, dict):
        with suppress(RecordError):
            Event.from_record(record)


def answers(data: bytes) -> None:
    """A body, and anything in an error document, and what it says of a request's events."""
    read_answer(400, {}, data, NOW)
    dice = atheris.FuzzedDataProvider(data)
    named = [
        {"id": text(dice), "code": text(dice), "source": {"pointer": text(dice)}}
        for _ in range(dice.ConsumeIntInRange(0, 4))
    ]
    document = json.dumps({"errors": [*named, value(dice)]})
    answer = read_answer(400, {}, document.encode(), NOW)
    str(answer), retry.judge(answer, 1, 0.5), refusals.shape(answer)
    if answer.errors:
        fates, rest = refusals.narrow(CHUNK, answer)
        if sum(len(fate.events) for fate in fates) + sum(map(len, rest)) != len(CHUNK):
            raise AssertionError("an event was lost, or doubled")


def retry_after(data: bytes) -> None:
    """A header's value, of which httpx makes a text, or something like a date."""
    for prefix in ("", "Mon, 23 Nov ", "23 Nov 2026 12:00"):
        check_seconds(read_retry_after(prefix + data.decode("latin-1"), NOW))


def check_seconds(seconds: float | None) -> None:
    if seconds is not None and not 0 <= seconds < float("inf"):
        raise AssertionError(f"{seconds} is no time to wait")


TARGETS: Final = {target.__name__: target for target in (records, answers, retry_after)}

if __name__ == "__main__":
    name, *options = sys.argv[1:]
    atheris.Setup([sys.argv[0], *options], TARGETS[name])
    atheris.Fuzz()
