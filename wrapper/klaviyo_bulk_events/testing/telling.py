"""Why what was received is not what a test expected, in words."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from klaviyo_bulk_events.emulator import RequestRecord
from klaviyo_bulk_events.testing.pairing import Pairing, Record
from klaviyo_bulk_events.testing.received import title
from klaviyo_bulk_events.testing.wanted import Difference, Wanted

_MOST: Final = 10
"""Events and requests of a kind that are told one by one."""


def story(
    pairing: Pairing, requests: Sequence[RequestRecord], *, others: bool, forgotten: int = 0
) -> str:
    """What differs, what is missing, what came besides, and what went wrong on the way.

    forgotten: how many older events were received that are no longer kept, and in no pair.
    """
    akin, missing, unexpected = _akin(pairing)
    all_received = len(pairing.received) + forgotten
    heads = [f"expected {_count(len(pairing.wanted))}, received {_count(all_received)}"]
    if forgotten:
        older = "1 older event is" if forgotten == 1 else f"{forgotten} older events are"
        heads.append(f"{older} no longer kept: Settings with a larger keep or keep_bytes keep more")
    lost = "missing, or no longer kept" if forgotten else "missing"
    differing = (_differs(wanted, found) for wanted, found in akin)
    parts = [
        _limited(differing, len(akin), "differ"),
        _limited((f"{lost}: {title(one.record)}" for one in missing), len(missing), f"are {lost}"),
    ]
    if not others:
        found = (f"unexpected: {title(record)}" for record in unexpected)
        parts.append(_limited(found, len(unexpected), "are unexpected"))
    parts.append(_limited(*_of_requests(requests), "requests went wrong"))
    return "\n".join([*heads, *(line for part in parts for line in part)])


def _count(events: int) -> str:
    return f"{events} event{'' if events == 1 else 's'}"


def _limited(texts: Iterable[str], count: int, what: str) -> Iterator[str]:
    yield from islice(texts, _MOST)
    if count > _MOST:
        yield f"... {count - _MOST} more {what}"


def _differs(wanted: Wanted, found: Record) -> str:
    fields = map(_of_field, wanted.differences(found))
    return "\n".join([f"differs: {title(found)}", *fields])


def _of_field(difference: Difference) -> str:
    expected, received = difference.expected, difference.received
    return f"    {difference.field}: expected {expected!r}, received {received!r}"


def _akin(pairing: Pairing) -> tuple[list[tuple[Wanted, Record]], list[Wanted], list[Record]]:
    """The missing with the unexpected that they may have become; what is left of both."""
    akin, missing, unexpected = [], [], list(pairing.unexpected)
    only_one = len(pairing.missing) == len(unexpected) == 1
    for wanted in pairing.missing:
        found = unexpected if only_one else [one for one in unexpected if _is_akin(wanted, one)]
        if not found:
            missing.append(wanted)
            continue
        nearest = min(found, key=lambda one: len(wanted.differences(one)))
        akin.append((wanted, nearest))
        unexpected = [one for one in unexpected if one is not nearest]
    return akin, missing, unexpected


def _is_akin(wanted: Wanted, received: Record) -> bool:
    if (has_its_id := wanted.has_id_of(received)) is not None:
        return has_its_id
    differing = {difference.field.partition(".")[0] for difference in wanted.differences(received)}
    return not differing & {"metric", "profile"}


def _of_requests(requests: Sequence[RequestRecord]) -> tuple[Iterator[str], int]:
    wrong = [one for one in requests if one.processed != 202 or one.test_addresses or one.repeats]
    return map(_of_request, wrong), len(wrong)


def _of_request(request: RequestRecord) -> str:
    said = "never answered" if request.status is None else f"answered {request.status}"
    words = [f"request {request.number}: {said}"]
    if request.fault is not None:
        words.append(f"met the fault {request.fault}")
    if request.test_addresses:
        words.append(f"{request.test_addresses} dropped: addresses at example.com or test.com")
    if request.repeats:
        words.append(f"{request.repeats} dropped as repeats")
    words += [f"{code} at {pointer or 'no place'}" for code, pointer in request.flaws[:_MOST]]
    return ", ".join(words)
