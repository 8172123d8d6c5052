"""A ledger of chunks: what it holds of one is not sent again, whatever attempt asks."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Protocol
from uuid import uuid4

from attrs import define

from klaviyo_bulk_events.arrow import entries
from klaviyo_bulk_events.arrow.entries import Standing
from klaviyo_bulk_events.arrow.store import ChunkName, Store
from klaviyo_bulk_events.chunker import Chunk
from klaviyo_bulk_events.endpoint import Endpoint
from klaviyo_bulk_events.errors import ConfigurationError, JournalError
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.ledger import NoLedger
from klaviyo_bulk_events.outcomes import Outcome, Settlement
from klaviyo_bulk_events.progress import never_sent


class Source(Protocol):
    """What a run reads: how many records were, and whether these were all."""

    read: int
    ended: bool


@define(eq=False)
class _Sent:
    """What was sent of a chunk as it was cut; `said` are the entries up to there."""

    name: ChunkName
    whole: Chunk
    sent: Chunk
    said: Sequence[bytes]


class ChunkLedger(NoLedger):
    """A `ledger.Ledger` that remembers chunks by their numbers, and of each its bytes and fate."""

    is_durable = True

    def __init__(self, store: Store, run: str, account: str, url: str, source: Source) -> None:
        self._store = store
        self._run = run
        self._account = account
        self._url = url
        self._source = source
        self._attempt = uuid4().hex
        self._next = 0
        self._sent: dict[int, _Sent] = {}
        self._chunk_of: dict[int, int] = {}

    def covers(
        self, ready: Outcome | Chunk | None, reached: int, answered: Iterable[Settlement]
    ) -> Chunk | Settlement | None:
        """What is to be sent of a chunk, or what became of it in an attempt before.

        Raises JournalError for a chunk of other bytes than an attempt before had.
        """
        if not isinstance(ready, Chunk):
            return None
        if reached == self._source.read and not self._source.ended:
            # Cut where the run was stopped or its source failed, and not where it was full: another
            # attempt would cut it elsewhere.
            return never_sent(ready)
        name = ChunkName(self._run, self._account, self._next)
        self._next += 1
        self._chunk_of.update((event.position, name.number) for event in ready.events)
        return self._take(name, ready)

    def take_chunk_of(self, position: int) -> int | None:
        """The number of the chunk that held the event at this position; asked for once."""
        return self._chunk_of.pop(position, None)

    def _take(self, name: ChunkName, whole: Chunk) -> Chunk | Settlement:
        mine = entries.taken(self._digest(whole), len(whole), self._attempt)
        said: Sequence[bytes] = ()
        sent = whole
        while (now := self._append(name, said, mine)) is not None:
            said = now
            standing = self._recognised(name, whole, said)
            final = standing.final(whole)
            if len(final) == len(whole):
                return Settlement(standing.of_chunk(whole))
            sent = Chunk(whole.without(final).entries, standing.in_doubt)
        self._sent[id(sent)] = _Sent(name, whole, sent, (*said, mine))
        return sent

    def _append(
        self, name: ChunkName, said: Sequence[bytes], mine: bytes
    ) -> Sequence[bytes] | None:
        """Write after what was said; what is said by now if others were first, else None."""
        if self._store.append(name, len(said), mine):
            return None
        now = self._store.read(name)
        return None if mine in now else now

    def _recognised(self, name: ChunkName, chunk: Chunk, said: Sequence[bytes]) -> Standing:
        standing = Standing.of(said)
        if standing.digest == self._digest(chunk):
            return standing
        raise JournalError(
            f"chunk {name.number} of the run {name.run!r} for {name.account!r} is not the one that "
            f"the ledger has: {len(chunk):,} events now, {len(standing.fates):,} then, and other "
            "bytes. The order of the rows was not the same, or they, the backfill, the intake or "
            "the endpoint were not. Sort rows by a total order, one that ends in unique_id, or "
            "give a new run a new name"
        )

    def _digest(self, chunk: Chunk) -> str:
        digest = hashlib.blake2b(self._url.encode(), digest_size=16)
        digest.update(chunk.body())
        return digest.hexdigest()

    def settled(self, settlement: Settlement) -> None:
        """Remember what became of what was sent; the settlement then has all of the chunk.

        Where several attempts sent it, all of them tell what the first said that knew.
        """
        sent = self._sent.pop(id(settlement.chunk), None)
        if sent is None:
            return
        mine = entries.settled(settlement.fates, sent.whole, self._attempt)
        said = sent.said
        try:
            while (now := self._append(sent.name, said, mine)) is not None:
                said = now
        finally:
            settlement.fates = Standing.of((*said, mine)).of_chunk(sent.whole)


@define(eq=False)
class ChunkJournal:
    """A `ledger.Journal` over a store; `ledger` is there once it was opened."""

    store: Store
    run: str
    account: str | None
    source: Source
    ledger: ChunkLedger | None = None

    def open(self, endpoint: Endpoint, intake: Intake, backfill: bool | None) -> ChunkLedger:
        """Begin the run, or go through it again. Raises ConfigurationError without an account."""
        self.account = self.account or endpoint.account
        if self.account is None:
            raise ConfigurationError("with a callable for the token the account needs a name")
        self.ledger = ChunkLedger(self.store, self.run, self.account, endpoint.url, self.source)
        return self.ledger
