"""What passes between the emulator's core and whoever carries it over a wire."""

from collections.abc import Callable, Mapping
from enum import Enum, auto

from attrs import field, frozen


@frozen
class Request:
    """A request as it arrived; header names are in lower case.

    Whoever reads the body may stop one byte past the endpoint's limit: the rest changes nothing.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)


@frozen
class Reply:
    """A status, headers and a body. The status may lie outside `http.HTTPStatus`, as 524 does."""

    status: int
    headers: Mapping[str, str] = field(factory=dict)
    body: bytes = b""


class Delivery(Enum):
    """How a reply gets to the client, or doesn't."""

    WHOLE = auto()
    TRICKLE = auto()
    ENDLESS = auto()
    CUT = auto()
    RESET = auto()
    SILENCE = auto()


@frozen
class Plan:
    """What is to happen on the wire, once the core has decided.

    `delay` runs before the reply goes out, `pause` between two bytes of a trickling or endless
    one. `after_hangup` is to be called `hangup_delay` after the client gave up. All in seconds.
    """

    reply: Reply | None
    delivery: Delivery = Delivery.WHOLE
    delay: float = 0.0
    pause: float = 0.0
    after_hangup: Callable[[], object] | None = None
    hangup_delay: float = 0.0

    @property
    def told(self) -> Reply | None:
        """What the client is told, None if nothing."""
        untold = self.delivery in (Delivery.RESET, Delivery.SILENCE)
        return None if untold else self.reply

    @property
    def status(self) -> int | None:
        """The status that the client is told, None if none."""
        return self.told.status if self.told else None
