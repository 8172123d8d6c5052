"""What waits to be sent, whether in memory or on disk."""

from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol

from attrs import frozen

from klaviyo_bulk_events.encoder import EncodedEvent


class Entry(NamedTuple):
    """An event that waits. Numbers grow in the order of arrival; `arrived` is Unix time."""

    number: int
    arrived: float
    event: EncodedEvent


@frozen
class Front:
    """What stands first in line: at most as many events as a request takes.

    `oldest` and `arrived` are the number and the Unix time of the first.
    """

    events: int
    bytes: int
    oldest: int
    arrived: float


class Backlog(Protocol):
    """Keeps events in their order. One sender at a time takes from it; anybody may put.

    What is on disk raises SpoolError.
    """

    in_doubt: int
    """Events up to this number may have been sent before, by whoever did not live to say so."""

    def put(self, events: Sequence[EncodedEvent], arrived: float) -> int:
        """Take these, or as many as there is room for; how many were taken."""

    def wait_for_room(self, seconds: float) -> None:
        """Return when there may be room, or after so many seconds."""

    def lead(self) -> bool:
        """Whether this process may send now."""

    def front(self, most: int) -> Front | None:
        """What stands first, of so many events; None if nothing waits."""

    def first(self, most: int, until: int | None) -> list[Entry]:
        """The first events, up to this number."""

    def sending(self, numbers: Collection[int], dropped: Collection[int]) -> bool:
        """These are about to be sent, and in doubt from now on; those dropped are settled.

        False, and nothing is done, if some are not there any more.
        """

    def settled(self, numbers: Collection[int], in_doubt: int) -> None:
        """Take these out; what is left up to the number `in_doubt` may have been sent."""

    def last(self) -> int:
        """The number of the event that was put last; 0 if nothing waits."""

    def holds(self, until: int) -> bool:
        """Whether an event up to this number still waits."""

    def standing(self) -> tuple[int, float | None]:
        """How many events wait, and when the oldest arrived."""

    def wait(self, seconds: float) -> None:
        """Return when there may be more to send, or after so many seconds."""

    def tidy(self) -> None:
        """Nothing is done at the moment: make the next put cheap."""

    def wake(self) -> None:
        """Let whoever waits look again."""

    def renew(self) -> None:
        """Begin anew in a child process, whose parent keeps what it had."""

    def close(self) -> None:
        """Nobody puts or sends any more."""
