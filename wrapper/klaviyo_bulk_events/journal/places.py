"""The limiter's log on disk: a resumed run keeps to what the dead one used up."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from klaviyo_bulk_events.boot import boot_id
from klaviyo_bulk_events.errors import JournalError
from klaviyo_bulk_events.journal.mapped_note import MappedNote
from klaviyo_bulk_events.journal.store import Store
from klaviyo_bulk_events.window_log import WindowLog


class Places:
    """Keeps the places of a limiter, each from before its request is sent.

    They are noted in a file beside the journal, and are in the journal itself whenever that is
    written. Under another start of the host, whose monotonic clock can't be compared, every place
    counts as if it were taken now. `failed` is told what keeps them from being written.
    """

    def __init__(
        self,
        store: Store,
        failed: Callable[[JournalError], None],
        clock: Callable[[], float] = time.monotonic,
        boot: Callable[[], str | None] = boot_id,
    ) -> None:
        self._store = store
        self._failed = failed
        self._clock = clock
        self._boot = boot()
        self._note = MappedNote(store.path, "places")
        self._latest: dict[str, Any] | None = max(self._found(), key=_count, default=None)

    def _found(self) -> Iterator[dict[str, Any]]:
        if (kept := self._store.get("places")) is not None:
            yield kept
        if self._store.is_new:
            self._note.write(b"")  # what was there is about another journal
        elif noted := self._note.read():
            yield orjson.loads(noted)

    def resume(self, log: WindowLog, now: float) -> None:
        """Put into the log what was held before."""
        saved = self._latest
        if saved is None:
            return
        passed = 0.0
        if self._boot is None or saved["boot"] != self._boot or saved["now"] > now:
            passed = now - saved["now"]
        ends = (max(end, saved["now"]) + passed if passed else end for end in saved["ends"])
        paused = saved["paused_until"]
        log.take_over(ends, float("-inf") if paused is None else paused + passed)

    def granted(self, log: WindowLog, now: float) -> None:
        """A place was taken, or a pause set: noted before anything is sent."""
        self.freed(log, now)
        if not self._note.write(orjson.dumps(self._latest)):
            try:
                self._store.note(places=self._latest)
            except JournalError as error:
                self._failed(error)

    def freed(self, log: WindowLog, now: float) -> None:
        """A place ends earlier: it does no harm if that is forgotten."""
        paused = log.paused_until
        self._latest = {
            "count": _count(self._latest) + 1,
            "boot": self._boot,
            "now": now,
            "ends": log.held(now),
            "paused_until": paused if paused > now else None,
        }

    def latest(self) -> dict[str, Any]:
        """What was held last, to be put into the store."""
        return {} if self._latest is None else {"places": self._latest}

    def close(self, *, are_kept: bool) -> None:
        """Let go of the note; if the store has all of it, it is not needed any more."""
        self._note.close(remove=are_kept)


def _count(state: dict[str, Any] | None) -> int:
    """Which of a journal's states it is, over all of its sessions."""
    return 0 if state is None else state["count"]
