"""Memory and spool keep events alike."""

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from klaviyo_bulk_events import Intake, KlaviyoBulkEvents
from klaviyo_bulk_events.encoder import EncodedEvent, Encoder
from klaviyo_bulk_events.queueing.backlog import Backlog, Entry
from klaviyo_bulk_events.queueing.memory import MemoryBacklog
from klaviyo_bulk_events.queueing.options import Options
from klaviyo_bulk_events.queueing.spool import Spool

from .conftest import KEY, record

ENCODER = Encoder(Intake(), False)
MOST = 12
ENDPOINT = KlaviyoBulkEvents(KEY, base_url="http://127.0.0.1:9")._endpoint


def encoded(number: int) -> EncodedEvent:
    return ENCODER.encode(record(number))


def seen(entry: Entry) -> tuple[object, ...]:
    event = entry.event
    return (entry.number, entry.arrived, event.opening, event.data, event.key, event.unique_id)


class Backlogs(RuleBasedStateMachine):
    """Both hold what a plain list of numbers says, in its order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.options = Options(max_events=MOST, spooled=True)
        self.memory = MemoryBacklog(self.options)
        self.spool = self.opened()
        self.waiting: list[int] = []
        self.put = 0
        self.doubt = 0

    def opened(self) -> Spool:
        spool = Spool(Path(self.folder.name, "spool.db"), ENDPOINT, self.options)
        assert spool.lead()
        return spool

    @property
    def both(self) -> tuple[Backlog, Backlog]:
        return self.memory, self.spool

    @rule(count=st.integers(1, 6))
    def put_some(self, count: int) -> None:
        # A spool counts gaps as events: then it is not tried what it does without room.
        span = self.waiting[-1] - self.waiting[0] + 1 if self.waiting else 0
        count = count if span == len(self.waiting) else min(count, MOST - span)
        events = [encoded(self.put + at) for at in range(count)]
        taken = min(count, MOST - span)
        for backlog in self.both if events else ():
            assert backlog.put(events, float(self.put)) == taken
        self.waiting += range(self.put + 1, self.put + taken + 1)
        self.put += taken

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def send(self, data: st.DataObject) -> None:
        count = data.draw(st.integers(1, len(self.waiting)))
        batch = self.waiting[:count]
        dropped = set(data.draw(st.lists(st.sampled_from(batch), unique=True)))
        numbers = [number for number in batch if number not in dropped]
        settled = numbers[: data.draw(st.integers(0, len(numbers)))]
        left = numbers[len(settled) :]
        doubt = left[-1] if left and data.draw(st.booleans()) else 0
        for backlog in self.both:
            assert backlog.sending(numbers, dropped)
            backlog.settled(settled, doubt)
        self.waiting = [n for n in self.waiting if n not in dropped and n not in settled]
        self.doubt = doubt

    @precondition(lambda self: len(self.waiting) > 2)
    @rule()
    def send_what_is_gone(self) -> None:
        """The spool notices that an event of a request was taken out behind the sender's back."""
        batch = [self.waiting[0], 10**6]
        assert not self.spool.sending(batch, ())

    @rule()
    def reopen(self) -> None:
        self.spool.close()
        self.spool = self.opened()

    @invariant()
    def they_are_alike(self) -> None:
        for backlog in self.both:
            entries = backlog.first(100, None)
            assert [entry.number for entry in entries] == self.waiting
            assert backlog.last() == (self.waiting[-1] if self.waiting else 0)
            assert backlog.in_doubt == self.doubt
            assert backlog.holds(self.put) == bool(self.waiting)
            front = backlog.front(5)
            assert (front.events if front else 0) == min(5, len(self.waiting))
            count, arrived = backlog.standing()
            assert count >= len(self.waiting)
            assert arrived == (entries[0].arrived if entries else None)
        assert list(map(seen, self.memory.first(100, None))) == list(
            map(seen, self.spool.first(100, None))
        )

    def teardown(self) -> None:
        self.spool.close()
        self.folder.cleanup()


Backlogs.TestCase.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)
TestBacklogs = Backlogs.TestCase
