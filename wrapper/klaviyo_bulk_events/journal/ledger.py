"""The journal of one run, while it runs."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import tzinfo
from typing import Any, Final, TypeAlias

from klaviyo_bulk_events.chunker import Chunk
from klaviyo_bulk_events.encoder import EncodedEvent
from klaviyo_bulk_events.errors import JournalError
from klaviyo_bulk_events.journal.chunks import Chunks, Kept
from klaviyo_bulk_events.journal.files import Lock, remove, written
from klaviyo_bulk_events.journal.fingerprints import of_record
from klaviyo_bulk_events.journal.forgotten import Forgotten, PassingOver
from klaviyo_bulk_events.journal.lines import Lines
from klaviyo_bulk_events.journal.moments import Moments
from klaviyo_bulk_events.journal.places import Places
from klaviyo_bulk_events.journal.reading import Reading
from klaviyo_bulk_events.journal.snapshot import path_of
from klaviyo_bulk_events.journal.store import Store
from klaviyo_bulk_events.journal.telling import Telling
from klaviyo_bulk_events.journal.trail import Trail
from klaviyo_bulk_events.outcomes import Fate, Outcome, Settlement, Status
from klaviyo_bulk_events.repeats import Memory
from klaviyo_bulk_events.report import Tally
from klaviyo_bulk_events.steps import Notice

_Answer: TypeAlias = tuple[Kept, Settlement]
_OPEN: Final = frozenset({Status.UNKNOWN, Status.UNSENT})


class JournalLedger:
    """Remembers a run in its journal. Opened by `opening.opened`."""

    is_durable = True

    def __init__(
        self,
        store: Store,
        chunks: Chunks,
        lock: Lock,
        *,
        backfill: bool | None,
        local: tzinfo | None,
    ) -> None:
        self._store = store
        self._chunks = chunks
        self._lock = lock
        self._failure: JournalError | None = None
        self.places = Places(store, self._fail)
        self._trail = Trail(store)
        self._forgotten = Forgotten.of(store)
        self.repeats: Memory = self._trail
        if self._forgotten is not None:
            self.repeats = PassingOver(self._trail, self._forgotten)
        self.reached: int = store.get("reached") or 0
        self._telling = Telling()
        self._moments = Moments(store)
        self._reading = Reading(store)
        self._lines = Lines(store, backfill=backfill, local=local)
        self._counts = self.tally()
        self._counts.begin()
        self._sent: dict[int, Kept] = {}
        self._was_complete = bool(store.get("complete"))
        self._read_all = False

    def tally(self) -> Tally:
        """What the sessions before counted."""
        counts = self._store.get("tally")
        return Tally.restored(counts) if counts else Tally()

    def hear(self, notice: Notice) -> None:
        """Keep what `status` and `report` tell of a run."""
        self._moments.hear(notice)
        if self._telling.hear(notice) and self._failure is None:
            with self._failing():
                self._store.note(state=self._telling.state())

    def pending(self) -> Iterator[Chunk]:
        """What the sessions before left unsettled, with the same bytes and keys."""
        for kept in self._chunks.each():
            self._sent[id(kept.chunk)] = kept
            if not kept.chunk.in_doubt:
                with self._store.writing():
                    self._chunks.put(kept, in_doubt=True)
            yield kept.chunk

    def recognise(self, looked_at: EncodedEvent | Outcome, position: int) -> None:
        """See what a record that was read before is now."""
        fingerprint = self._reading.check(looked_at, position)
        key = None
        if isinstance(looked_at, EncodedEvent) and looked_at.key_lasts:
            key = looked_at.key
        self._trail.recall(fingerprint, key)

    def end_of_source(self, position: int) -> None:
        """The source has no more records."""
        if not self._was_complete or position:
            self._reading.ended(position, self.reached)
            self._read_all = True

    def covers(
        self, ready: Outcome | Chunk | None, reached: int, answered: Iterable[Settlement]
    ) -> Outcome | None:
        """Remember what is about to be sent, or is settled; the point reached in the source.

        A rejected record of a forgotten profile becomes an outcome that doesn't hold it.
        """
        with self._failing(raises=True):
            if not isinstance(ready, Outcome):
                self._cover(ready, reached, answered)
                return None
            settled = self._take(ready)
            if self._lines.are_many:
                self._let_go(reached)
            return settled

    def _take(self, settled: Outcome) -> Outcome:
        if self.reached + self._trail.noted == settled.position:
            self._trail.note_rejected(of_record(settled))
        if self._forgotten is not None:
            settled = self._forgotten.told(settled)
        self._counts.add_outcome(settled)
        if settled.status is Status.REJECTED:
            self._lines.add(settled)
        return settled

    def _let_go(self, reached: int) -> None:
        """Write lines of which there are many while no request fills up."""
        if not self._trail.has_events:
            self._cover(None, reached)
            return
        with self._store.writing():
            self._lines.save()
        self._lines.saved()

    def _cover(
        self, chunk: Chunk | None, reached: int, answered: Iterable[Settlement] = ()
    ) -> None:
        count = reached - self.reached
        if not count:
            return
        self._was_complete = False
        kept = None if chunk is None else self._chunks.write(self._trail.row + 1, chunk)
        answers = self._answers(answered)
        with self._store.writing():
            if kept is not None:
                self._chunks.put(kept, in_doubt=True)
                self._counts.add_warned(kept.chunk.warned())
            self._trail.save(count, reached)
            self._lines.save()
            self._settle(answers)
            self._save(reached=reached)
        self._free(answers)
        self.reached = reached
        self._trail.saved(count)
        self._lines.saved()
        if kept is not None:
            self._sent[id(chunk)] = kept

    def _save(self, **more: Any) -> None:
        self._store.put(
            tally=self._counts.counts(),
            state=self._telling.state(),
            **self._moments.due(),
            **self.places.latest(),
            **more,
        )

    def settled(self, settlement: Settlement) -> None:
        """Remember what became of a chunk."""
        answers = self._answers([settlement])
        if answers:
            with self._failing(raises=True):
                with self._store.writing():
                    self._settle(answers)
                    self._save()
                self._free(answers)

    def _answers(self, answered: Iterable[Settlement]) -> list[_Answer]:
        """Those that are not remembered yet."""
        each = ((self._sent.pop(id(given.chunk), None), given) for given in answered)
        return [(kept, settlement) for kept, settlement in each if kept is not None]

    def _settle(self, answers: Iterable[_Answer]) -> None:
        for kept, settlement in answers:
            self._settle_one(kept, settlement)

    def _settle_one(self, kept: Kept, settlement: Settlement) -> None:
        self._counts.add_cost(settlement)
        left = [fate for fate in settlement.fates if fate.status in _OPEN]
        final = [fate for fate in settlement.fates if fate.status not in _OPEN]
        for fate in final:
            self._counts.add_fate(fate)
        rest = self._rest(kept, left) if left else None
        rejected = [fate for fate in final if fate.status is Status.REJECTED]
        self._lines.replace(kept.number, rejected, left)
        if rest is None:
            self._chunks.drop(kept)
        else:
            in_doubt = any(fate.status is Status.UNKNOWN for fate in left)
            self._chunks.put(rest, in_doubt=in_doubt)

    def _free(self, answers: Iterable[_Answer]) -> None:
        """Their transaction is complete."""
        for kept, _ in answers:
            self._chunks.free(kept)

    def _rest(self, kept: Kept, left: list[Fate]) -> Kept:
        """What another session is to send, in a slot of its own."""
        unsettled = {id(event) for fate in left for event in fate.events}
        gone = (event for event in kept.chunk.events if id(event) not in unsettled)
        return self._chunks.write(kept.number, kept.chunk.without(gone))

    def close(self) -> None:
        """The run has ended."""
        are_kept = False
        with ExitStack() as ending:
            for close in (self._lock.release, self._store.close, self._chunks.close):
                ending.callback(close)
            try:
                if self._failure is None:
                    self._finish()
                    are_kept = True
            finally:
                self.places.close(are_kept=are_kept)

    def _finish(self) -> None:
        left = self._store.rows("SELECT count(*) FROM chunks")[0][0]
        complete = not left and (self._read_all or self._was_complete)
        with self._store.writing():
            self._save(complete=complete)
            self._store.put(timeline=self._moments.state())
        if complete:
            remove(path_of(self._store.path))

    @contextmanager
    def _failing(self, *, raises: bool = False) -> Iterator[None]:
        """After the first failure nothing more is written: what is on disk is true."""
        if raises and self._failure is not None:
            raise self._failure
        try:
            with written(self._store.path):
                yield
        except JournalError as error:
            self._fail(error)
            if raises:
                raise

    def _fail(self, error: JournalError) -> None:
        self._failure = self._failure or error
