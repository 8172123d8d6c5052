"""The fates of events that no answer settled."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from klaviyo_bulk_events.encoder import EncodedEvent
from klaviyo_bulk_events.outcomes import Fate, Status
from klaviyo_bulk_events.problems import Problem

_LONGEST_TEXT: Final = 300
"""Characters kept of what came of an attempt, which stands in the row of each of its events."""
_ONCE: Final = "sent again with the same time and unique_id, it counts once"
_TWICE: Final = "it has no unique_id: sent again, it may count twice"


def unsent(events: Iterable[EncodedEvent], attempts: Sequence[str]) -> Fate:
    """The fate of events that were certainly not processed."""
    message = f"not processed; {_last(attempts)}"
    return Fate(Status.UNSENT, tuple(events), (Problem("", "not_sent", message), *_told(attempts)))


def unknown(events: Iterable[EncodedEvent], attempts: Sequence[str]) -> list[Fate]:
    """The fates of events that may have been processed."""
    return _unknown(events, "no_answer", f"no answer settled it; {_last(attempts)}", attempts)


def broken_off(events: Iterable[EncodedEvent]) -> list[Fate]:
    """The fates of events whose delivery was broken off from outside."""
    return _unknown(events, "broken_off", "the delivery was broken off", ())


def has_safe_key(event: EncodedEvent) -> bool:
    """Whether a second copy of the event is one to the server, too."""
    return event.unique_id is not None


def _unknown(
    events: Iterable[EncodedEvent], code: str, why: str, attempts: Sequence[str]
) -> list[Fate]:
    told = _told(attempts)
    return [
        Fate(Status.UNKNOWN, tuple(group), (Problem("", code, f"{why}; {advice}"), *told))
        for advice, group in groupby(sorted(events, key=_advice), _advice)
    ]


def _advice(event: EncodedEvent) -> str:
    return _ONCE if has_safe_key(event) else _TWICE


def _last(attempts: Sequence[str]) -> str:
    return f"last came {attempts[-1]}" if attempts else "the run was stopped before"


def _told(attempts: Sequence[str]) -> list[Problem]:
    """What came of every attempt, those in a row that ended alike in one."""
    told = []
    number = 1
    for text, alike in groupby(attempts):
        last = number + len(list(alike)) - 1
        which = f"attempt {number}" if last == number else f"attempts {number} to {last}"
        told.append(Problem("", "attempt", f"{which}: {text[:_LONGEST_TEXT]}"))
        number = last + 1
    return told
