"""What becomes of events whose answer was lost, step by step, with a clock that steps move."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from attrs import evolve

from klaviyo_bulk_events import Intake
from klaviyo_bulk_events.answers import Answer, ApiError, NoAnswer, Reply
from klaviyo_bulk_events.brake import Brake
from klaviyo_bulk_events.chunker import Chunk, Chunker
from klaviyo_bulk_events.delivery import Delivery, Steps, broken_off
from klaviyo_bulk_events.encoder import Encoder
from klaviyo_bulk_events.outcomes import Fate, Settlement, Status
from klaviyo_bulk_events.steps import Enter, Post, Renew

DEADLINE = 100.0
OK = Answer(202, None, None)
LOST = NoAnswer("ReadTimeout", written=True)
NOT_WRITTEN = NoAnswer("ConnectError", written=False)
THROTTLED = Answer(429, 5.0, None)
TOO_LARGE = Answer(413, None, (ApiError("e", "too_large", "", "", ""),))


def failed(status: int, error: str, retry_after: float | None = None) -> Answer:
    return Answer(status, retry_after, (ApiError(error, "error", "", "", ""),))


def named(*places: int) -> Answer:
    pointer = "/data/attributes/events-bulk-create/data/0/attributes/events/data"
    return Answer(
        400, None, tuple(ApiError("e", "invalid", "", "", f"{pointer}/{at}") for at in places)
    )


@pytest.fixture
def mixed() -> Chunk:
    """Events of one profile: a and b have a unique_id, 1 and 2 have none."""
    encoder = Encoder(Intake(derive_unique_id=False), True)
    chunker = Chunker()
    for name in ("a", "1", "b", "2"):
        fields: dict[str, Any] = {
            "metric": "Sold",
            "profile": {"external_id": "7"},
            "time": "2025-05-05T12:00:00Z",
            "properties": {"name": name},
        }
        if name.isdigit():
            fields["time"] = f"2025-05-05T12:00:0{name}Z"
        else:
            fields["unique_id"] = name
        assert chunker.add(encoder.encode(fields)) is None
    chunk = chunker.close()
    assert chunk is not None
    return chunk


def steps_of(chunk: Chunk, clock: Callable[[], float] = lambda: 0.0, **more: Any) -> Steps:
    settings: dict[str, Any] = {"deadline": DEADLINE, "budget": 32, **more}
    return Delivery(
        chunk, clock=clock, random=lambda: 0.5, watch=lambda notice: None, **settings
    ).steps()


def deliver(
    chunk: Chunk, replies: Sequence[Reply], *, resend_unsafe: bool = False, budget: int = 32
) -> tuple[Settlement, list[bytes]]:
    """Answer from a list, whose last reply repeats for ever; the settlement and the bodies."""
    now = 0.0
    left = list(replies)
    bodies: list[bytes] = []
    steps = steps_of(chunk, clock=lambda: now, budget=budget, resend_unsafe=resend_unsafe)
    result: object = None
    try:
        while True:
            step = steps.send(result)
            if isinstance(step, Enter):
                result = True
            elif isinstance(step, Post):
                bodies.append(step.body)
                result = left.pop(0) if len(left) > 1 else left[0]
            elif isinstance(step, Renew):
                result = False
            else:
                now += step.seconds
    except StopIteration as end:
        settlement: Settlement = end.value
        return settlement, bodies


def messages(fate: Fate) -> list[str]:
    return [problem.message for problem in fate.problems]


def by_status(settlement: Settlement) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for fate in settlement.fates:
        ids = [event.unique_id or event.time for event in fate.events]
        found[fate.status.value] = sorted(found.get(fate.status.value, []) + ids)
    return found


def test_an_unknown_event_tells_every_attempt(five: Chunk) -> None:
    """What came of each, in order, with Klaviyo's error ids; those that ended alike in one."""
    replies = [LOST, LOST, failed(503, "id-7"), failed(503, "id-8"), failed(501, "id-9")]
    settlement, _ = deliver(five, replies)
    (fate,) = settlement.fates
    assert fate.status is Status.UNKNOWN
    assert messages(fate)[1:] == [
        "attempts 1 to 2: ReadTimeout",
        "attempt 3: HTTP 503 (error id-7)",
        "attempt 4: HTTP 503 (error id-8)",
        "attempt 5: HTTP 501 (error id-9)",
    ]


def test_attempts_before_a_split_are_told_too(five: Chunk) -> None:
    """An event's history goes on in the smaller request that holds it next."""
    settlement, _ = deliver(five, [LOST, named(0), failed(501, "id-9")])
    (fate,) = (fate for fate in settlement.fates if fate.status is Status.UNKNOWN)
    assert [message.partition(": ")[2] for message in messages(fate)[1:]] == [
        "ReadTimeout",
        "HTTP 400 (invalid e)",
        "HTTP 501 (error id-9)",
    ]


def test_a_server_s_words_are_cut(five: Chunk) -> None:
    """They stand in the row of each of a thousand events."""
    settlement, _ = deliver(five, [failed(501, "x" * 2_000)])
    assert all(len(message) < 400 for message in messages(settlement.fates[0])[1:])


def test_what_is_unsafe_to_send_again_is_not(mixed: Chunk) -> None:
    """Without a unique_id an event is unknown at the first ambiguous failure; the rest goes on."""
    settlement, bodies = deliver(mixed, [LOST, OK])
    assert by_status(settlement) == {
        "unknown": ["2025-05-05T12:00:01Z", "2025-05-05T12:00:02Z"],
        "accepted": ["a", "b"],
    }
    assert [body.count(b'"unique_id"') for body in bodies] == [2, 2]
    assert [body.count(b'"type":"event"') for body in bodies] == [4, 2]
    (lost,) = (fate for fate in settlement.fates if fate.status is Status.UNKNOWN)
    assert "twice" in lost.problems[0].message


def test_what_is_unsafe_is_sent_again_if_asked(mixed: Chunk) -> None:
    """`resend_unsafe` sends the very same bytes."""
    settlement, bodies = deliver(mixed, [LOST, OK], resend_unsafe=True)
    assert settlement.fates == [Fate(Status.ACCEPTED, tuple(mixed.events))]
    assert bodies == [mixed.body()] * 2


@pytest.mark.parametrize("reply", [NOT_WRITTEN, Answer(429, 1.0, None), Answer(403, None, None)])
def test_what_was_not_processed_is_safe_to_send_again(mixed: Chunk, reply: Reply) -> None:
    """Only an ambiguous failure sets the unsafe aside."""
    settlement, bodies = deliver(mixed, [reply, OK])
    assert by_status(settlement).keys() == {"accepted"}
    assert bodies == [mixed.body()] * 2


def test_what_an_earlier_session_sent_is_no_safer(mixed: Chunk) -> None:
    """A run that goes on re-sends only what has a safe key, and tells of the answer it missed."""
    in_doubt = evolve(mixed, in_doubt=True)
    settlement, bodies = deliver(in_doubt, [OK])
    assert len(by_status(settlement)["unknown"]) == 2
    assert bodies == [mixed.without(e for e in mixed.events if e.unique_id is None).body()]
    (lost,) = (fate for fate in settlement.fates if fate.status is Status.UNKNOWN)
    assert "session" in messages(lost)[1]
    assert deliver(in_doubt, [OK], resend_unsafe=True)[1] == [mixed.body()]


def test_nothing_waits_for_what_is_not_sent_again(mixed: Chunk) -> None:
    """A request of nothing but unsafe events is settled at once."""
    unsafe = mixed.without(event for event in mixed.events if event.unique_id)
    settlement, bodies = deliver(unsafe, [LOST])
    assert len(bodies) == 1
    assert by_status(settlement).keys() == {"unknown"}
    assert settlement.outage is None


def test_three_lost_in_a_row_end_the_run(mixed: Chunk) -> None:
    """An outage must not make an import unknown request by request."""
    unsafe = mixed.without(event for event in mixed.events if event.unique_id)
    brake = Brake()
    lost, _ = deliver(unsafe, [LOST])
    fine, _ = deliver(mixed, [OK])
    seen = [brake.see(settlement) for settlement in (lost, lost, fine, lost, lost, lost)]
    assert [reason is not None for reason in seen] == [False] * 5 + [True]


@pytest.mark.parametrize(
    "last", [failed(501, "e"), failed(401, "e"), failed(503, "e", DEADLINE + 1.0)]
)
def test_what_ends_the_run_ends_the_chunk(five: Chunk, last: Answer) -> None:
    """Once no request can succeed, or the time is over, the chunk's other parts aren't sent."""
    settlement, bodies = deliver(five, [TOO_LARGE, last])
    assert len(bodies) == 2
    statuses = {fate.status for fate in settlement.fates}
    assert statuses <= {Status.UNKNOWN, Status.UNSENT}
    assert Status.UNSENT in statuses


@pytest.mark.parametrize("first", [LOST, named(0), TOO_LARGE, Answer(503, 1.0, None)])
def test_bytes_are_never_encoded_again(
    five: Chunk, first: Reply, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A retry or a split sends slices of what was encoded, byte for byte."""

    def refuse(*_: object) -> None:
        raise AssertionError("encoded again")

    monkeypatch.setattr(Encoder, "encode", refuse)
    monkeypatch.setattr("orjson.dumps", refuse)
    _, bodies = deliver(five, [first, OK])
    pieces = [event.data for event in five.events]
    assert all(sum(piece in body for body in bodies[1:]) <= 1 for piece in pieces)
    for body in bodies[1:]:
        rest = body
        for piece in (p for p in pieces if p in body):
            rest = rest.replace(piece, b"", 1)
        assert b"unique_id" not in rest


def test_what_was_broken_off_says_which_is_safe(mixed: Chunk) -> None:
    """Of each event it is said whether it may be sent again."""
    steps = steps_of(mixed)
    steps.send(None), steps.send(True)
    fates = broken_off(mixed, steps).fates
    told = {
        event.unique_id or event.time: "twice" in fate.problems[0].message
        for fate in fates
        for event in fate.events
    }
    assert told == {
        "a": False,
        "b": False,
        "2025-05-05T12:00:01Z": True,
        "2025-05-05T12:00:02Z": True,
    }


ALL = [f"order-{number}" for number in range(5)]
HALF = ["order-1", "order-3", "order-4"]


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([], {"unsent": ALL}),
        ([None], {"unsent": ALL}),
        ([None, True], {"unknown": ALL}),
        ([None, True, NOT_WRITTEN], {"unsent": ALL}),
        ([None, True, THROTTLED, None], {"unsent": ALL}),
        ([None, True, LOST], {"unknown": ALL}),
        ([None, True, LOST, None], {"unknown": ALL}),
        ([None, True, named(0)], {"rejected": ALL[:1], "unsent": ALL[1:]}),
        ([None, True, named(0), True], {"rejected": ALL[:1], "unknown": ALL[1:]}),
        ([None, True, TOO_LARGE], {"unsent": ALL}),
        ([None, True, TOO_LARGE, True], {"unknown": ["order-0", "order-2"], "unsent": HALF}),
        ([None, True, TOO_LARGE, True, OK], {"accepted": ["order-0", "order-2"], "unsent": HALF}),
    ],
)
def test_what_never_went_out_is_unsent(
    five: Chunk, results: Sequence[object], expected: dict[str, list[str]]
) -> None:
    """Broken off after these steps, only what was under way or lost is unknown."""
    steps = steps_of(five)
    for result in results:
        steps.send(result)
    settlement = broken_off(five, steps)
    assert by_status(settlement) == expected
    assert settlement.chunk is five


@pytest.mark.parametrize("results", [[], [None]])
def test_what_went_out_in_another_session_stays_unknown(
    five: Chunk, results: Sequence[object]
) -> None:
    """A chunk that may have been sent before is unknown, whenever it is broken off."""
    doubtful = evolve(five, in_doubt=True)
    steps = steps_of(doubtful)
    for result in results:
        steps.send(result)
    assert by_status(broken_off(doubtful, steps)) == {"unknown": ALL}


def test_where_the_steps_failed_themselves_nothing_is_known(five: Chunk) -> None:
    """What an error in a delivery leaves behind is unknown."""
    steps = steps_of(five)
    steps.send(None)
    with pytest.raises(MemoryError):
        steps.throw(MemoryError)
    assert by_status(broken_off(five, steps)) == {"unknown": ALL}
