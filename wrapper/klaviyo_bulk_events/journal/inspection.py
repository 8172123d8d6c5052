"""What a journal tells from outside of its run, which may go on meanwhile."""

from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import frozen

from klaviyo_bulk_events.errors import JournalError
from klaviyo_bulk_events.journal import lines as set_aside_lines
from klaviyo_bulk_events.journal.chunks import Chunks
from klaviyo_bulk_events.journal.files import is_locked
from klaviyo_bulk_events.journal.store import Store, purged
from klaviyo_bulk_events.outcomes import Status
from klaviyo_bulk_events.planner import outcome
from klaviyo_bulk_events.problems import Problem
from klaviyo_bulk_events.set_aside import line

_IN_FLIGHT = Problem(
    "",
    "in_flight",
    "its request was under way when the run ended; the same run again settles it if it has a "
    "unique_id",
)


@frozen(kw_only=True)
class Standing:
    """Where a run stands. `counts` are those of its report, `in_flight` is what it left open.

    `answer` and `waits` are the last answer and what is waited for, with Unix times. `timeline` is
    the state of the run's `Timeline`, `about` what its journal was given to tell of it.
    """

    running: bool
    complete: bool
    purged: bool
    reached: int
    counts: dict[str, Any]
    in_flight: int
    set_aside: dict[str, int]
    answer: dict[str, Any] | None
    waits: dict[str, Any] | None
    timeline: dict[str, Any] | None
    about: dict[str, Any]


def begun(path: Path) -> bool:
    """Whether there is a journal with a run in it, however little of it.

    Raises JournalError, also where the run can't go on because the journal was purged.
    """
    if not path.exists():
        return False
    with _opened(path) as store:
        if not store.is_new and store.get("purged"):
            raise purged(path)
        return not store.is_new


def standing(path: Path) -> Standing:
    """Where the run of a journal stands. Raises JournalError."""
    with _reading(path) as store, store.reading():
        state = store.get("state") or {}
        return Standing(
            running=is_locked(path),
            complete=bool(store.get("complete")),
            purged=bool(store.get("purged")),
            reached=store.get("reached") or 0,
            counts=store.get("tally") or {},
            in_flight=store.rows("SELECT coalesce(sum(events), 0) FROM chunks")[0][0],
            set_aside=Counter(dict(store.rows(_BY_STATUS))),
            answer=state.get("answer"),
            waits=state.get("waits"),
            timeline=store.get("timeline"),
            about=store.get("about") or {},
        )


_BY_STATUS = "SELECT status, count(*) FROM set_aside GROUP BY status"


def final_lines(path: Path) -> Iterator[bytes]:
    """The lines of what is settled for good, and neither accepted nor there already."""
    with _reading(path) as store:
        for _, content in set_aside_lines.each(store, final=True):
            yield content


def set_aside(path: Path) -> Generator[bytes]:
    """The lines of what was rejected or is unsettled, read as they are asked for."""
    with _reading(path) as store:
        for (content,) in store.each("set_aside", "line", "position"):
            yield content


def lines(path: Path) -> Iterator[bytes]:
    """The lines of everything that was neither accepted nor there already, as far as it is known.

    What was in flight when a run died is unknown. Raises JournalError, also for a journal out of
    which they were purged.
    """
    with _reading(path) as store:
        if store.get("purged"):
            raise JournalError(f"the journal {path} was purged: its rejects are gone")
        told = set()
        for position, content in set_aside_lines.each(store):
            told.add(position)
            yield content
        yield from _in_flight(store, told)


@contextmanager
def _reading(path: Path) -> Iterator[Store]:
    with _opened(path) as store:
        if store.is_new:
            raise JournalError(f"there is no run in the journal {path} yet")
        yield store


@contextmanager
def _opened(path: Path) -> Iterator[Store]:
    store = Store(path, writes=False)
    try:
        yield store
    finally:
        store.close()


def _in_flight(store: Store, told: set[int]) -> Iterator[bytes]:
    chunks = Chunks(store, store.path)
    backfill = store.get("backfill")
    for kept in chunks.each():
        for event in kept.chunk.events:
            if event.position not in told:
                yield line(outcome(event, Status.UNKNOWN, _IN_FLIGHT), backfill, None)
    chunks.close()
