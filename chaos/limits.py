"""The endpoint's limits, held against the requests that came."""

from collections.abc import Iterator
from typing import Final

from klaviyo_bulk_events.emulator import Emulator, RequestRecord
from klaviyo_bulk_events.limits import EVENTS_PER_REQUEST, REQUEST_BYTES

_HARMLESS: Final = frozenset({"invalid", "duplicate"})
_ALL_EVENTS: Final = "/data/attributes/events-bulk-create/data"


def broken(emulator: Emulator) -> Iterator[str]:
    """Every limit that a request broke, and every window that was overrun."""
    summary = emulator.summary()
    for request in emulator.requests():
        yield from of_request(request)
    for rate in emulator.settings.rates:
        busiest = summary["busiest"][str(rate)]
        if busiest > rate.limit:
            yield f"{busiest} requests came within {rate.seconds:g} s, where {rate} may"


def of_request(request: RequestRecord) -> Iterator[str]:
    """Each limit that a request broke."""
    if request.status == 429 and request.fault is None:
        yield f"request {request.number} came too early: it was answered 429"
    if any(code not in _HARMLESS or pointer == _ALL_EVENTS for code, pointer in request.flaws):
        yield f"request {request.number} breaks a rule: {request.flaws}"
    taken = request.accepted + request.repeats + request.test_addresses
    if request.bytes > REQUEST_BYTES.value or taken > EVENTS_PER_REQUEST.value:
        yield f"request {request.number} is too large: {request}"
