"""The chunks that a run left unsettled, or has under way: each a row, and a body in its slot."""

from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

from klaviyo_bulk_events.chunker import Chunk
from klaviyo_bulk_events.journal.bodies import Bodies, Slot
from klaviyo_bulk_events.journal.fingerprints import possible
from klaviyo_bulk_events.journal.packing import packed, unpacked
from klaviyo_bulk_events.journal.store import Store, damaged
from klaviyo_bulk_events.journal.trail import fingerprints_of


@frozen
class Kept:
    """A chunk that is kept: `number` is that of the trail's row that covers it."""

    number: int
    slot: Slot
    chunk: Chunk


class Chunks:
    """Keeps chunks until they are settled."""

    def __init__(self, store: Store, path: Path) -> None:
        self._store = store
        self._bodies = Bodies(path, (slot for (slot,) in store.rows("SELECT slot FROM chunks")))

    def write(self, number: int, chunk: Chunk) -> Kept:
        """Write a chunk's body; it counts once it is put into a transaction."""
        return Kept(number, self._bodies.write(*packed(chunk)), chunk)

    def put(self, kept: Kept, *, in_doubt: bool) -> None:
        """Put its row, in place of another with its number, inside a transaction."""
        slot = kept.slot
        row = (kept.number, slot.number, slot.body, slot.told, in_doubt, len(kept.chunk))
        self._store.execute("INSERT OR REPLACE INTO chunks VALUES(?, ?, ?, ?, ?, ?)", row)

    def drop(self, kept: Kept) -> None:
        """Take its row away, inside a transaction."""
        self._store.execute("DELETE FROM chunks WHERE number = ?", (kept.number,))

    def free(self, kept: Kept) -> None:
        """Nobody needs its body any more; the transaction is complete."""
        self._bodies.free(kept.slot)

    def each(self) -> Iterator[Kept]:
        """All of them, in their order. Raises JournalError if one isn't what it was."""
        query = "SELECT number, slot, body, told, in_doubt FROM chunks ORDER BY number"
        for number, *slot, in_doubt in self._store.rows(query):
            kept = Slot(*slot)
            yield Kept(number, kept, self._read(number, kept, bool(in_doubt)))

    def _read(self, number: int, slot: Slot, in_doubt: bool) -> Chunk:
        before = fingerprints_of(self._store, number)
        try:
            chunk = unpacked(*self._bodies.read(slot), in_doubt=in_doubt)
        except ValueError:
            raise damaged(self._store.path) from None
        if any(before.get(event.position, -1) not in possible(event) for event in chunk.events):
            raise damaged(self._store.path)
        return chunk

    def close(self) -> None:
        """Close the file of bodies."""
        self._bodies.close()
