"""What became of events."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from attrs import Factory, define, frozen

from klaviyo_bulk_events.chunker import Chunk
from klaviyo_bulk_events.encoder import EncodedEvent
from klaviyo_bulk_events.problems import Problem
from klaviyo_bulk_events.records import Event


class Status(StrEnum):
    """What became of an event.

    Attributes:
        accepted: Klaviyo answered 202 to a request that held it.
        duplicate: it was given before in this run, or Klaviyo named it as a repeat.
        rejected: it breaks a rule, ours or Klaviyo's, or was refused together with one that does,
            and was not recorded; or its profile was forgotten, by a journal that was told to.
        unknown: it was sent and no answer settled it; its problems tell what came of every attempt.
            Sent again with the same time and `unique_id` it counts once; without a `unique_id` it
            may count twice.
        unsent: it was not sent, or certainly not processed.
    """

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    UNSENT = "unsent"


@frozen
class Outcome:
    """What became of one event.

    Attributes:
        status: what became of it.
        position: which record of the source it was, from 0.
        record: what the caller gave.
        problems: why it was not accepted; for `unknown`, what came of every attempt.
        warnings: what Klaviyo takes and then drops.
        origin: where a file had it, such as `orders.csv:17`.
        time: as it went out, or would have.
        unique_id: as it went out, or would have.
    """

    status: Status
    position: int
    record: Event | Mapping[str, Any] | None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    origin: str | None = None
    time: str | None = None
    unique_id: str | None = None

    @property
    def counts(self) -> dict[Status, int]:
        """How many events there are, by status."""
        return {self.status: 1}


class Fate(NamedTuple):
    """What became of some events of a request."""

    status: Status
    events: Sequence[EncodedEvent]
    problems: tuple[Problem, ...] = ()


@define
class Settlement:
    """What became of a `chunk`, if it is one that went to a delivery, and what it took.

    The numbers are those of a `Report`. `stop` says why no request can succeed any more, `outage`
    what came last when the attempts were given up. `refused` is the code and the pointer's shape of
    the first refusal, if none named an event.
    """

    fates: list[Fate] = Factory(list)
    requests: int = 0
    retries: int = 0
    narrowing: int = 0
    throttled: int = 0
    bytes: int = 0
    stop: str | None = None
    outage: str | None = None
    refused: tuple[str, str] | None = None
    chunk: Chunk | None = None

    @property
    def counts(self) -> dict[Status, int]:
        """How many events there are, by status."""
        found: dict[Status, int] = {}
        for fate in self.fates:
            found[fate.status] = found.get(fate.status, 0) + len(fate.events)
        return found

    @property
    def fault_of_all(self) -> tuple[str, str] | None:
        """What every event was rejected for, if it was the same and no event's own."""
        if all(fate.status is Status.REJECTED for fate in self.fates):
            return self.refused
        return None

    @property
    def is_lost(self) -> bool:
        """Whether requests were made and nothing is known of any of its events."""
        return self.requests > 0 and all(fate.status is Status.UNKNOWN for fate in self.fates)
