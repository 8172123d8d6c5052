"""The delivery of a chunk, step by step, with a clock that only the steps move."""

from collections.abc import Sequence

import pytest

from klaviyo_bulk_events.answers import Answer, ApiError, NoAnswer, Reply
from klaviyo_bulk_events.chunker import Chunk
from klaviyo_bulk_events.delivery import Delivery
from klaviyo_bulk_events.outcomes import Settlement, Status
from klaviyo_bulk_events.steps import Answered, Enter, Notice, Paused, Post, Retrying, Wait

DEADLINE = 100.0
ENTRY = "/data/attributes/events-bulk-create/data"
EVENT = "attributes/events/data"
OK = Answer(202, None, None)
NOT_WRITTEN = NoAnswer("ConnectError", written=False)
LOST = NoAnswer("ReadTimeout", written=True)


def refusal(*pointers: str, status: int = 400, code: str = "invalid") -> Answer:
    errors = tuple(ApiError(f"id-{n}", code, "", "No.", p) for n, p in enumerate(pointers))
    return Answer(status, None, errors)


class Simulation:
    """Carries out steps at once, answering from a list; the last reply repeats for ever."""

    def __init__(self, chunk: Chunk, replies: Sequence[Reply], stop_after: int | None = None):
        self.now = 0.0
        self.bodies: list[bytes] = []
        self.waits: list[Wait] = []
        self.notices: list[Notice] = []
        self._replies = list(replies)
        self._stop_after = stop_after
        self.settlement = self._carry_out(
            Delivery(
                chunk,
                deadline=DEADLINE,
                clock=lambda: self.now,
                random=lambda: 0.5,
                watch=self.notices.append,
            )
        )

    def _carry_out(self, delivery: Delivery) -> Settlement:
        steps = delivery.steps()
        result: object = None
        while True:
            try:
                step = steps.send(result)
            except StopIteration as end:
                settlement: Settlement = end.value
                return settlement
            if isinstance(step, Enter):
                result = len(self.bodies) != self._stop_after
            elif isinstance(step, Post):
                result = self._answer(step.body)
            else:
                self.waits.append(step)
                self.now += step.seconds

    def _answer(self, body: bytes) -> Reply:
        self.bodies.append(body)
        self.now += 1.0
        return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]

    @property
    def fates(self) -> dict[str, list[str | None]]:
        fates: dict[str, list[str | None]] = {}
        for fate in self.settlement.fates:
            fates.setdefault(fate.status.value, []).extend(e.unique_id for e in fate.events)
        return fates


EVERYTHING = ["order-0", "order-2", "order-4", "order-1", "order-3"]


@pytest.mark.parametrize(
    ("replies", "status"),
    [
        ([OK], "accepted"),
        ([NOT_WRITTEN, OK], "accepted"),
        ([LOST, OK], "accepted"),
        ([Answer(503, None, None), Answer(403, None, None), OK], "accepted"),
        ([Answer(429, 3.0, None), OK], "accepted"),
        ([NOT_WRITTEN], "unsent"),
        ([Answer(429, 3.0, None)], "unsent"),
        ([Answer(403, None, None)], "unsent"),
        ([LOST], "unknown"),
        ([Answer(500, None, None)], "unknown"),
        ([Answer(501, None, None)], "unknown"),
        ([LOST, NOT_WRITTEN], "unknown"),
        ([LOST, refusal("/data", status=401)], "unknown"),
        ([refusal("/data", status=401)], "unsent"),
        ([refusal("/data")], "rejected"),
        ([refusal("")], "rejected"),
        ([refusal("/data", status=413)], "rejected"),
        ([LOST, refusal("/data")], "unknown"),
    ],
)
def test_what_becomes_of_a_chunk(chunk: Chunk, replies: list[Reply], status: str) -> None:
    """Whatever comes, every event is settled exactly once."""
    assert Simulation(chunk, replies).fates == {status: EVERYTHING}


def test_the_same_bytes_go_again(chunk: Chunk) -> None:
    """A retry sends what was sent before."""
    run = Simulation(chunk, [LOST, Answer(503, None, None), OK])
    assert len(run.bodies) == 3
    assert set(run.bodies) == {chunk.body()}


def test_a_429_pauses_everybody_and_nothing_else_does(chunk: Chunk) -> None:
    """A pause is for all who share the account; a backoff is for this request."""
    run = Simulation(chunk, [Answer(429, 7.0, None), LOST, OK])
    assert run.waits == [Wait(7.0, everybody=True), Wait(1.0, everybody=False)]


def test_a_retry_after_beyond_the_deadline_settles_at_once(chunk: Chunk) -> None:
    """Nobody waits for what can't be used any more."""
    run = Simulation(chunk, [Answer(503, DEADLINE + 1, None), OK])
    assert run.fates == {"unknown": EVERYTHING}
    assert run.now < 2.0


def test_the_deadline_ends_it(chunk: Chunk) -> None:
    """Retries stop once the next would come too late."""
    run = Simulation(chunk, [NOT_WRITTEN])
    assert run.now <= DEADLINE + 1
    assert run.settlement.requests > 5


@pytest.mark.parametrize(
    ("pointers", "fates"),
    [
        (
            [f"{ENTRY}/0/{EVENT}/1/attributes/time"],
            {"rejected": ["order-2"], "accepted": ["order-0", "order-4", "order-1", "order-3"]},
        ),
        (
            [f"{ENTRY}/1/attributes/profile/data", f"{ENTRY}/0/{EVENT}/0"],
            {"rejected": ["order-1", "order-3", "order-0"], "accepted": ["order-2", "order-4"]},
        ),
        (
            [f"{ENTRY}/0/{EVENT}/0/attributes/unique_id", f"{ENTRY}/1/{EVENT}/1"],
            {
                "duplicate": ["order-0"],
                "rejected": ["order-3"],
                "accepted": ["order-2", "order-4", "order-1"],
            },
        ),
        (
            [f"{ENTRY}/{entry}/attributes/profile" for entry in (0, 1)],
            {"rejected": EVERYTHING},
        ),
    ],
)
def test_named_events_are_settled_and_the_others_go_again(
    chunk: Chunk, pointers: list[str], fates: dict[str, list[str]]
) -> None:
    """All or nothing: the rest was not processed, and is sent without those at fault."""
    assert Simulation(chunk, [refusal(*pointers), OK]).fates == fates


def test_the_rest_goes_again_at_once(chunk: Chunk) -> None:
    """A refusal is no reason to wait, and the rest's bytes are those of before."""
    run = Simulation(chunk, [refusal(f"{ENTRY}/0/{EVENT}/1"), OK])
    assert run.waits == []
    assert all(e.data in run.bodies[1] for e in chunk.events if e.unique_id != "order-2")


def test_a_stop_before_the_first_attempt_leaves_everything_unsent(chunk: Chunk) -> None:
    """Nothing was sent."""
    assert Simulation(chunk, [OK], stop_after=0).fates == {"unsent": EVERYTHING}


def test_a_stop_after_an_ambiguous_attempt_leaves_everything_unknown(chunk: Chunk) -> None:
    """It may have arrived."""
    assert Simulation(chunk, [LOST, OK], stop_after=1).fates == {"unknown": EVERYTHING}


@pytest.mark.parametrize(
    ("status", "words"), [(401, "KLAVIYO_API_KEY"), (403, "scope"), (404, "URL"), (410, "update")]
)
def test_what_ends_the_run_says_what_to_do(chunk: Chunk, status: int, words: str) -> None:
    """No later request can succeed: the reason names the mend."""
    settlement = Simulation(chunk, [refusal("/data", status=status)]).settlement
    assert settlement.stop is not None
    assert words in settlement.stop


def test_unsettled_events_say_what_came_last(chunk: Chunk) -> None:
    """The problem tells the last reply, with Klaviyo's error id."""
    last = Answer(500, None, (ApiError("error-id-7", "error", "", "", ""),))
    (fate,) = Simulation(chunk, [last]).settlement.fates
    assert "error-id-7" in fate.problems[0].message


def test_the_effort_is_counted(chunk: Chunk) -> None:
    """Requests, retries, 429s and the bytes of all attempts."""
    run = Simulation(chunk, [Answer(429, 1.0, None), LOST, OK])
    settlement = run.settlement
    assert (settlement.requests, settlement.retries, settlement.throttled) == (3, 2, 1)
    assert settlement.bytes == 3 * len(chunk.body())


def test_whoever_watches_is_told(chunk: Chunk) -> None:
    """Answers, pauses and retries, in order."""
    run = Simulation(chunk, [Answer(429, 1.0, None), LOST, OK])
    kinds = [type(notice) for notice in run.notices]
    assert kinds == [Answered, Paused, Answered, Retrying, Answered]


def test_every_status_can_be_reached(chunk: Chunk) -> None:
    """A chunk can settle in each way that a report counts."""
    reached = {
        *Simulation(chunk, [OK]).fates,
        *Simulation(chunk, [LOST]).fates,
        *Simulation(chunk, [NOT_WRITTEN]).fates,
        *Simulation(chunk, [refusal(f"{ENTRY}/0/{EVENT}/0/unique_id"), refusal("")]).fates,
    }
    assert reached == {status.value for status in Status}
