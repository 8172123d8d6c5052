"""The faults that an emulator can inject, by name."""

from collections.abc import Iterator
from enum import Enum, auto
from typing import Final

from attrs import frozen

from klaviyo_bulk_events.emulator.messages import Delivery

POISON: Final = "poison"
_EDGE_STATUSES: Final = (400, 403, 404)
_SERVER_STATUSES: Final = (500, 502, 503, 504, 520, 524)
_CODES: Final = {401: "not_authenticated", 403: "permission_denied", 500: "error", 503: "error"}


class Processing(Enum):
    """When a request that meets a fault is processed."""

    NEVER = auto()
    AT_ONCE = auto()
    AFTER_HANGUP = auto()


class Form(Enum):
    """What the body of an injected answer is."""

    HTML = "html"
    JSON = "json"
    EMPTY = "empty"


@frozen
class Answer:
    """An answer that stands in for the true one. `code` is that of its JSON:API error."""

    status: int
    form: Form
    code: str = "error"
    retry_after: int | None = None


@frozen
class Fault:
    """What goes wrong with one request; without an `answer` the true one is on its way."""

    name: str
    summary: str
    processing: Processing = Processing.AT_ONCE
    delivery: Delivery = Delivery.WHOLE
    answer: Answer | None = None
    slow: bool = False


def _answers() -> Iterator[Answer]:
    for status in (*_EDGE_STATUSES, *_SERVER_STATUSES):
        yield Answer(status, Form.HTML)
    for status, code in _CODES.items():
        yield Answer(status, Form.JSON, code)
    for status in (400, *_SERVER_STATUSES):
        yield Answer(status, Form.EMPTY)


def _answered() -> Iterator[Fault]:
    """Nobody knows whether what a 5xx answers was processed: there are both."""
    for answer in _answers():
        name = f"{answer.form.value}_{answer.status}"
        what = f"answered {answer.status}, {answer.form.value}"
        yield Fault(name, f"{what}, not processed", Processing.NEVER, answer=answer)
        if answer.status >= 500:
            yield Fault(f"{name}_after", f"{what}, processed all the same", answer=answer)


def _throttled() -> Iterator[Fault]:
    waits = {"throttled": 1, "throttled_zero": 0, "throttled_long": 3600, "throttled_bare": None}
    for name, wait in waits.items():
        answer = Answer(429, Form.JSON, "throttled", wait)
        said = "no Retry-After" if wait is None else f"Retry-After: {wait}"
        yield Fault(name, f"429 with {said}", Processing.NEVER, answer=answer)
    busy = Answer(503, Form.JSON, retry_after=1)
    yield Fault("busy", "503 with Retry-After: 1", Processing.NEVER, answer=busy)


def _carried() -> Iterator[Fault]:
    """Faults of the connection and of time, where no answer stands in for the true one."""
    reset, silence = Delivery.RESET, Delivery.SILENCE
    yield Fault("reset_before", "connection reset, not processed", Processing.NEVER, reset)
    yield Fault("reset_after", "connection reset, processed", delivery=reset)
    yield Fault("silence", "never answered, not processed", Processing.NEVER, silence)
    yield Fault("lost_answer", "never answered, processed", delivery=silence)
    late = "never answered, processed once the client gave up"
    yield Fault("late", late, Processing.AFTER_HANGUP, silence)
    yield Fault("slow", "processed, answered after a delay", slow=True)
    yield Fault("trickle", "processed, answered a byte at a time", delivery=Delivery.TRICKLE)
    yield Fault("endless", "processed, the answer never ends", delivery=Delivery.ENDLESS)
    yield Fault("cut", "processed, the answer breaks off", delivery=Delivery.CUT)


FAULTS: Final = {
    fault.name: fault for group in (_answered, _throttled, _carried) for fault in group()
}
SUMMARIES: Final = {
    **{fault.name: fault.summary for fault in FAULTS.values()},
    POISON: "a single event refused, the same one each time; the probability is per event",
}
"""What each fault does, by the name under which it is asked for."""
