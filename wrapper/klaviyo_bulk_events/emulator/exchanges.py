"""What was said in the latest requests, as far as there is room for it."""

from collections import deque
from collections.abc import Sequence
from typing import Final

from attrs import define, frozen

from klaviyo_bulk_events.emulator.messages import Reply, Request
from klaviyo_bulk_events.emulator.refusals import Flaw

# What an exchange takes up besides its bodies, and a flaw besides its sentence; about.
_EXCHANGE_BYTES: Final = 2_000
_FLAW_BYTES: Final = 500


@frozen
class Count:
    """What somebody found when they read a body: its bytes unpacked, its profiles and events."""

    bytes: int
    entries: int | None = None
    events: int | None = None


@define(eq=False)
class Exchange:
    """A request as it came, the reply it was given, and the flaws that it was refused for.

    `count` is what somebody found in a body that there was no reason to read before.
    """

    number: int
    request: Request
    reply: Reply | None = None
    flaws: Sequence[Flaw] = ()
    count: Count | None = None

    @property
    def weight(self) -> int:
        """About how many bytes of memory this takes."""
        replied = len(self.reply.body) if self.reply else 0
        return _EXCHANGE_BYTES + len(self.request.body) + replied + _weight(self.flaws)


def _weight(flaws: Sequence[Flaw]) -> int:
    return sum(_FLAW_BYTES + len(flaw.detail) for flaw in flaws)


class Exchanges:
    """The latest exchanges: at most so many, and of so many bytes. Numbers have no gaps."""

    def __init__(self, keep: int, keep_bytes: int) -> None:
        self._keep = keep
        self._keep_bytes = keep_bytes
        self._kept: deque[Exchange] = deque()
        self._bytes = 0

    def open(self, number: int, request: Request) -> None:
        """Keep a request, and let the oldest go that there is no more room for."""
        self._kept.append(Exchange(number, request))
        self._make_room(_EXCHANGE_BYTES + len(request.body))

    def refuse(self, number: int, flaws: Sequence[Flaw]) -> None:
        """Note once what a request is refused for, if it is still kept."""
        if exchange := self.get(number):
            exchange.flaws = flaws
            self._make_room(_weight(flaws))

    def answer(self, number: int, reply: Reply | None) -> None:
        """Note once what is replied to a request, if it is still kept."""
        if exchange := self.get(number):
            exchange.reply = reply
            self._make_room(len(reply.body) if reply else 0)

    def get(self, number: int) -> Exchange | None:
        """The exchange of this number, if it is still kept."""
        at = number - self._kept[0].number if self._kept else -1
        return self._kept[at] if 0 <= at < len(self._kept) else None

    def _make_room(self, weight: int) -> None:
        self._bytes += weight
        while self._kept and (len(self._kept) > self._keep or self._bytes > self._keep_bytes):
            self._bytes -= self._kept.popleft().weight
