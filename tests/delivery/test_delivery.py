"""The delivery of a chunk, step by step, with a clock that only the steps move."""

from collections.abc import Callable, Sequence

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klaviyo_bulk_events.answers import Answer, ApiError, NoAnswer, Reply
from klaviyo_bulk_events.chunker import Chunk, Chunker
from klaviyo_bulk_events.delivery import Delivery
from klaviyo_bulk_events.encoder import EncodedEvent
from klaviyo_bulk_events.outcomes import Settlement, Status
from klaviyo_bulk_events.steps import Answered, Enter, Notice, Paused, Post, Renew, Retrying, Wait

Make = Callable[..., EncodedEvent]
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

    def __init__(
        self,
        chunk: Chunk,
        replies: Sequence[Reply] | Callable[[bytes], Reply],
        stop_after: int | None = None,
        budget: int = 0,
        refused: str | None = None,
        renewed: int = 0,
    ) -> None:
        self.renewals = 0
        self._renewed = renewed
        self._refused = refused
        self.now = 0.0
        self.bodies: list[bytes] = []
        self.waits: list[Wait] = []
        self.notices: list[Notice] = []
        self._replies = replies if callable(replies) else list(replies)
        self._stop_after = stop_after
        self.settlement = self._carry_out(
            Delivery(
                chunk,
                deadline=DEADLINE,
                budget=budget,
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
                result = self._refused or len(self.bodies) != self._stop_after
            elif isinstance(step, Post):
                result = self._answer(step.body)
            elif isinstance(step, Renew):
                self.renewals += 1
                result = self.renewals <= self._renewed
            else:
                self.waits.append(step)
                self.now += step.seconds

    def _answer(self, body: bytes) -> Reply:
        self.bodies.append(body)
        self.now += 1.0
        if callable(self._replies):
            return self._replies(body)
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


def test_the_deadline_ends_narrowing_by_names(encode: Make) -> None:
    """Refusals that name one event each cost no budget, but time: what is left then is unsent."""
    chunker = Chunker()
    for number in range(1_000):
        chunker.add(encode(number))
    chunk = chunker.close()
    assert chunk is not None
    run = Simulation(chunk, [refusal(f"{ENTRY}/0/{EVENT}/0")])
    assert len(run.bodies) == int(DEADLINE) + 1
    assert {status: len(ids) for status, ids in run.fates.items()} == {
        "rejected": len(run.bodies),
        "unsent": 1_000 - len(run.bodies),
    }


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
    assert Simulation(chunk, [refusal(*pointers), OK], budget=1).fates == fates


def test_the_rest_goes_again_at_once(chunk: Chunk) -> None:
    """A refusal is no reason to wait, and the rest's bytes are those of before."""
    run = Simulation(chunk, [refusal(f"{ENTRY}/0/{EVENT}/1"), OK], budget=1)
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
        *Simulation(chunk, [refusal(f"{ENTRY}/0/{EVENT}/0/unique_id"), OK]).fates,
        *Simulation(chunk, [refusal("")]).fates,
    }
    assert reached == {status.value for status in Status}


def refuse(*poison: str, pointer: str = "", first: bool = False) -> Callable[[bytes], Reply]:
    """A server that refuses whatever holds one of these events, and points there or elsewhere."""

    def answer(body: bytes) -> Reply:
        entries = orjson.loads(body)["data"]["attributes"]["events-bulk-create"]["data"]
        found = [
            f"{ENTRY}/{at}" if pointer == "entry" else pointer or f"{ENTRY}/{at}/{EVENT}/{place}/x"
            for at, entry in enumerate(entries)
            for place, event in enumerate(entry["attributes"]["events"]["data"])
            if event["attributes"]["unique_id"] in poison
        ]
        return refusal(*found[: 1 if first else None]) if found else OK

    return answer


ANY_POISON = st.sets(st.sampled_from(EVERYTHING))


@given(ANY_POISON, st.sampled_from(["", "entry", "/data", "/data/"]), st.booleans())
def test_exactly_the_events_at_fault_are_rejected(
    five: Chunk, poison: set[str], pointer: str, first: bool
) -> None:
    """Whatever a refusal points at, all of it or the first, given requests enough."""
    run = Simulation(five, refuse(*poison, pointer=pointer, first=first), budget=100)
    assert set(run.fates.get("rejected", ())) == poison
    assert set(run.fates.get("accepted", ())) == set(EVERYTHING) - poison
    assert run.settlement.requests == 1 + run.settlement.narrowing


@given(ANY_POISON, st.integers(0, 4), st.sampled_from(["entry", "/data"]))
def test_the_budget_is_kept(five: Chunk, poison: set[str], budget: int, pointer: str) -> None:
    """What it leaves unresolved is rejected too, the innocent only as refused_together."""
    run = Simulation(five, refuse(*poison, pointer=pointer), budget=budget)
    assert run.settlement.narrowing <= budget
    assert run.settlement.requests <= 1 + budget
    assert poison <= set(run.fates.get("rejected", ()))
    for fate in run.settlement.fates:
        if fate.status is Status.REJECTED and fate.problems[0].code != "refused_together":
            assert {event.unique_id for event in fate.events} <= poison


def test_all_faults_named_cost_one_request(chunk: Chunk) -> None:
    """What is left goes again once."""
    run = Simulation(chunk, refuse("order-0", "order-3"), budget=32)
    assert run.settlement.requests == 2


@pytest.mark.parametrize(
    ("replies", "fault"),
    [
        ([refusal("/data")], ("invalid", "/data")),
        ([refusal(f"{ENTRY}/3")], ("invalid", f"{ENTRY}/*")),
        ([OK], None),
        ([refusal(f"{ENTRY}/0/attributes/profile"), OK], None),
        ([LOST], None),
    ],
)
def test_a_fault_of_the_whole_is_told_apart(
    chunk: Chunk, replies: list[Reply], fault: tuple[str, str] | None
) -> None:
    """The code and the pointer's shape, whatever of the budget went into narrowing."""
    for budget in (0, 3, 32):
        assert Simulation(chunk, replies, budget=budget).settlement.fault_of_all == fault


@pytest.mark.parametrize(
    ("replies", "outage"),
    [([LOST], True), ([NOT_WRITTEN], True), ([Answer(530, None, None)], True), ([OK], False)],
)
def test_an_outage_is_told_apart(chunk: Chunk, replies: list[Reply], outage: bool) -> None:
    """The attempts were given up; what came last goes along."""
    assert (Simulation(chunk, replies).settlement.outage is not None) is outage


def test_a_refusal_that_names_events_uses_no_budget(chunk: Chunk) -> None:
    """One event at a time is named, and each is settled: that is worth its request."""
    repeats = refuse(*EVERYTHING, pointer=f"{ENTRY}/0/{EVENT}/0/attributes/unique_id", first=True)
    run = Simulation(chunk, repeats, budget=0)
    assert run.fates == {"duplicate": EVERYTHING}
    assert run.settlement.requests == len(EVERYTHING)


def test_what_is_refused_together_with_repeats_is_not_rejected(chunk: Chunk) -> None:
    """Where one was there already, others may be: nobody knows that they break a rule."""
    pointer = f"{ENTRY}/0/{EVENT}/0/attributes/unique_id"
    run = Simulation(chunk, [refusal(pointer), refusal("/data")], budget=0)
    assert run.fates == {"duplicate": ["order-0"], "unsent": EVERYTHING[1:]}


def test_a_429_pauses_everybody_even_if_it_comes_too_late(chunk: Chunk) -> None:
    """The request is given up; the others on the account wait all the same."""
    run = Simulation(chunk, [Answer(429, DEADLINE + 1, None)])
    assert run.waits == [Wait(DEADLINE + 1, everybody=True)]
    assert run.settlement.requests == 1


def test_a_profile_that_stands_twice_is_no_repeat(chunk: Chunk) -> None:
    """`duplicate_profile` says nothing of events that were there already."""
    pointer = f"{ENTRY}/1/attributes/profile/data"
    run = Simulation(chunk, [refusal(pointer, code="duplicate_profile"), OK])
    assert run.fates["rejected"] == ["order-1", "order-3"]


UNAUTHORISED = Answer(401, None, (ApiError("e", "not_authenticated", "", "", ""),))


@pytest.mark.parametrize(
    ("replies", "renewed", "status", "renewals"),
    [
        ([UNAUTHORISED, OK], 1, "accepted", 1),
        ([UNAUTHORISED], 1, "unsent", 1),
        ([UNAUTHORISED], 0, "unsent", 1),
        ([LOST, UNAUTHORISED, OK], 1, "accepted", 1),
        ([Answer(403, None, UNAUTHORISED.errors)], 1, "unsent", 0),
    ],
)
def test_a_refused_credential_is_renewed_once(
    chunk: Chunk, replies: list[Reply], renewed: int, status: str, renewals: int
) -> None:
    """A token that expired is asked for again; one that is refused again ends the run."""
    run = Simulation(chunk, replies, renewed=renewed)
    assert {fate.status for fate in run.settlement.fates} == {status}
    assert run.renewals == renewals
    assert (run.settlement.stop is None) is (status == "accepted")


def test_nothing_is_sent_without_a_limiter(chunk: Chunk) -> None:
    """Where its places can't be reached any more, the run ends and says so."""
    run = Simulation(chunk, [OK], refused="the limiter at redis://cache is away")
    assert run.bodies == []
    assert run.settlement.outage == "the limiter at redis://cache is away"
    assert {fate.status for fate in run.settlement.fates} == {Status.UNSENT}
