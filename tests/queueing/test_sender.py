"""The sender's decisions, on clocks that are set by hand."""

from typing import Any

import pytest

from klaviyo_bulk_events import Intake, Status
from klaviyo_bulk_events.chunker import Chunk
from klaviyo_bulk_events.encoder import Encoder
from klaviyo_bulk_events.errors import SpoolError
from klaviyo_bulk_events.outcomes import Fate, Settlement
from klaviyo_bulk_events.queueing.behind import Behind
from klaviyo_bulk_events.queueing.carrying import Carrier
from klaviyo_bulk_events.queueing.counts import Counts
from klaviyo_bulk_events.queueing.cutting import Cutter
from klaviyo_bulk_events.queueing.memory import MemoryBacklog
from klaviyo_bulk_events.queueing.options import Options
from klaviyo_bulk_events.queueing.sender import Sender
from klaviyo_bulk_events.queueing.telling import Telling

from .conftest import record


class FakeCarrier(Carrier):
    """Settles each chunk as it is told to, accepted if nothing is said."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, bool]] = []
        self.next: list[Settlement | Exception] = []
        self.is_stopped = False
        self._settings: Any = type("Settings", (), {"resend_unsafe": False})

    def carry(self, chunk: Chunk) -> Settlement:
        self.sent.append((len(chunk), chunk.in_doubt))
        answer = self.next.pop(0) if self.next else Settlement()
        if isinstance(answer, Exception):
            raise answer
        answer.chunk = chunk
        if not answer.fates:
            answer.fates = [Fate(Status.ACCEPTED, tuple(chunk.events))]
        elif isinstance(answer.fates[0], Status):
            answer.fates = [Fate(answer.fates[0], tuple(chunk.events))]
        return answer


class Bench:
    """A sender in memory, and its clocks."""

    def __init__(self, **options: Any) -> None:
        self.now = 1_000_000.0
        self.ticks = 0.0
        self.options = Options(**{"max_age": 1.0, "retry_after": 60.0, **options})
        self.backlog = MemoryBacklog(self.options)
        self.waits: list[float] = []
        self.backlog.wait = self.waits.append  # type: ignore[assignment, method-assign]
        self.carrier = FakeCarrier()
        self.counts = Counts()
        self.encoder = Encoder(Intake(), False)
        self.sender = Sender(
            self.backlog,
            Cutter(self.options.batch_events, self.options.batch_bytes, 100),
            self.carrier,
            Telling(self.counts, None),
            self.options,
            Behind(self.backlog, 1.0, lambda: self.now, lambda: self.ticks),
            lambda: self.now,
            lambda: self.ticks,
        )

    def put(self, *numbers: int) -> None:
        self.backlog.put([self.encoder.encode(record(n)) for n in numbers], self.now)

    def turn(self, seconds: float = 0.0, clock: float | None = None) -> None:
        """Let time pass, on the wall's clock differently if wanted, and take a turn."""
        self.ticks += seconds
        self.now += seconds if clock is None else clock
        self.sender.turn()


def statuses(*given: Status, **more: Any) -> Settlement:
    return Settlement(list(given), **more)  # type: ignore[arg-type]


def test_age() -> None:
    """An event goes when it is as old as it may become, and not before."""
    bench = Bench()
    bench.put(1)
    bench.turn()
    assert bench.waits == [1.0]
    bench.turn(0.75)
    assert bench.waits[1:] == [0.25]
    bench.turn(0.25)
    assert bench.carrier.sent == [(1, False)]


@pytest.mark.parametrize("jump", [-3_600.0, 3_600.0])
def test_a_clock_that_is_set(jump: float) -> None:
    """Set back or forth, it keeps no event waiting longer than its age."""
    bench = Bench()
    bench.put(1)
    bench.turn()
    bench.turn(1.0, clock=jump)
    assert bench.carrier.sent == [(1, False)]


def test_full() -> None:
    """As many as a request takes go at once."""
    bench = Bench(batch_events=2)
    bench.put(1, 2, 3)
    bench.turn()
    bench.turn()
    assert bench.carrier.sent == [(2, False)]
    assert bench.waits == [1.0]


@pytest.mark.parametrize("settlement", [{"stop": "wrong key"}, {"outage": "HTTP 501"}])
def test_a_pause(settlement: dict[str, str]) -> None:
    """After a stop nothing is sent for a while; then the same goes again."""
    bench = Bench()
    bench.put(1)
    bench.carrier.next = [statuses(Status.UNSENT, **settlement)]
    bench.turn()
    bench.turn(1.0)
    bench.put(2)
    bench.turn(59.0)
    assert len(bench.carrier.sent) == 1
    assert bench.waits[-1] == pytest.approx(1.0)
    bench.turn(1.0)
    assert bench.carrier.sent == [(1, False), (2, False)]


def test_in_doubt() -> None:
    """What may be there goes again as it was, and what came meanwhile after it."""
    bench = Bench(max_age=0.0)
    bench.put(1, 2)
    bench.carrier.next = [statuses(Status.UNKNOWN, outage="HTTP 501")]
    bench.turn()
    bench.put(3)
    for _ in range(3):
        bench.turn(61.0)
    assert bench.carrier.sent == [(2, False), (2, True), (1, False)]
    assert bench.counts.stats(0, 0.0).accepted == 3


def test_an_error_in_between() -> None:
    """Where a delivery breaks down, its events count as sent from then on."""
    bench = Bench(max_age=0.0)
    bench.put(1)
    bench.carrier.next = [RuntimeError("a bug")]
    bench.turn()
    bench.turn(61.0)
    assert bench.carrier.sent == [(1, False), (1, True)]


def test_what_can_not_be_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told once, taken out later, and not sent again meanwhile."""
    bench = Bench(max_age=0.0)
    bench.put(1)
    works = bench.backlog.settled
    left = [2]

    def settled(*arguments: Any) -> None:
        if left[0]:
            left[0] -= 1
            raise SpoolError("the disk is full")
        works(*arguments)

    monkeypatch.setattr(bench.backlog, "settled", settled)
    for _ in range(4):
        bench.turn(61.0)
    assert bench.carrier.sent == [(1, False)]
    assert bench.counts.stats(0, 0.0).accepted == 1
    assert bench.backlog.last() == 0


def test_the_brake() -> None:
    """Three requests refused whole for the same are no fault of their events: it pauses."""
    bench = Bench(max_age=0.0, batch_events=2)
    bench.put(*range(10))
    refused = {"refused": ("invalid", "/data")}
    bench.carrier.next = [statuses(Status.REJECTED, **refused) for _ in range(5)]
    for settlement in bench.carrier.next:
        assert isinstance(settlement, Settlement)
    for _ in range(5):
        bench.turn()
    assert len(bench.carrier.sent) == 3
    assert bench.waits[-1] == 60.0
