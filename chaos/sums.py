"""The numbers of a report, held against the rejects file and what the emulator saw."""

from collections import Counter
from collections.abc import Iterator

from chaos.command import INTERRUPTED
from chaos.step import Repeat, Step
from klaviyo_bulk_events.emulator import RequestRecord
from klaviyo_bulk_events.outcomes import Status

DUPLICATE = "duplicate"
_UNIQUE_ID = "/attributes/unique_id"
_ENDED_EARLY = (3, 2)
_SET_ASIDE = (Status.REJECTED, Status.UNKNOWN, Status.UNSENT)


def wrong(step: Step) -> Iterator[str]:
    """Each number that isn't what it should be."""
    report = step.report
    statuses = Counter(aside.status for aside in step.aside.values())
    for status in _SET_ASIDE:
        yield from _equal(status, report[status.value], statuses[status])
    codes = Counter(a.code for a in step.aside.values() if a.status is Status.REJECTED)
    yield from _equal("rejections", report["rejections"], dict(codes))
    total = sum(report[status.value] for status in Status)
    yield from _equal("submitted", report["submitted"], total)
    yield from _equal("records read", report["submitted"], len(step.items))
    yield from _of_the_end(step)
    if not step.is_resumed:
        yield from _of_requests(step)


def _of_requests(step: Step) -> Iterator[str]:
    report = step.report
    requests = step.requests
    yield from _equal("requests", report["requests"], len(requests))
    yield from _equal("bytes", report["bytes"], sum(request.bytes for request in requests))
    throttled = sum(request.status == 429 for request in requests)
    yield from _equal("throttled", report["throttled"], throttled)
    if step.late < 0:
        yield f"{-step.late} attempts more were answered than the emulator answered"
    if step.late:
        return
    answered = [request for request in requests if request.number not in step.lost]
    yield from _equal("accepted", report["accepted"], sum(map(_accepted, answered)))
    named = sum(map(_named_repeats, answered))
    near, far = _repeats(step)
    if not near + named <= report["duplicate"] <= near + far + named:
        yield f"duplicate is {report['duplicate']}, not {near} to {near + far}, and {named} named"


def _of_the_end(step: Step) -> Iterator[str]:
    report = step.report
    stopped = report["stopped"] is not None
    if not stopped:
        yield from _equal("records read", report["submitted"], step.given)
    codes = _ENDED_EARLY if step.is_to_be_resumed else (1,) if report["rejected"] else (0,)
    if step.code not in (*codes, *INTERRUPTED):
        yield f"the exit code is {step.code}, not one of {codes}"


def _accepted(request: RequestRecord) -> int:
    """Events of a request that was answered 202; of some the emulator says no more than that."""
    if request.status != 202:
        return 0
    return request.accepted + request.repeats + request.test_addresses


def _named_repeats(request: RequestRecord) -> int:
    """Events that a refusal names as repeats, and not for themselves as well."""
    if request.status != 400:
        return 0
    others = {pointer for code, pointer in request.flaws if code != DUPLICATE}
    repeats = (pointer or "" for code, pointer in request.flaws if code == DUPLICATE)
    return sum(pointer.removesuffix(_UNIQUE_ID) not in others for pointer in repeats)


def _repeats(step: Step) -> tuple[int, int]:
    """How many records are certainly told to be repeats before they are sent, and maybe."""
    kinds = Counter(kind for at, kind in step.repeats.items() if at not in step.aside)
    return kinds[Repeat.NEAR], kinds[Repeat.FAR]


def _equal(name: str, said: object, true: object) -> Iterator[str]:
    if said != true:
        yield f"{name} is {said}, not {true}"
