"""What holds requests back while the emulator is paused."""

import asyncio

from starlette.types import Receive

from klaviyo_bulk_events.emulator.hanging_up import outlasts
from klaviyo_bulk_events.emulator.listeners import Listeners


class Barrier:
    """Up, it lets everything pass; down, requests wait. For use from the server's event loop."""

    def __init__(self) -> None:
        self._held = 0
        self._up = asyncio.Event()
        self._up.set()
        self.listeners = Listeners()

    @property
    def is_down(self) -> bool:
        """Whether requests wait."""
        return not self._up.is_set()

    def state(self) -> dict[str, bool | int]:
        """Whether the emulator is paused, and how many requests it holds, as JSON can say it."""
        return {"paused": self.is_down, "held": self._held}

    def lower(self) -> None:
        """Hold requests from now on."""
        self._up.clear()
        self.listeners.tell()

    def lift(self) -> None:
        """Let requests pass, those that wait first."""
        self._up.set()
        self.listeners.tell()

    def let_go(self) -> None:
        """Let pass what waits now, and hold what comes from now on as before."""
        if self.is_down:
            waiting, self._up = self._up, asyncio.Event()
            waiting.set()

    async def passed(self, receive: Receive) -> bool:
        """Wait until the barrier is up; False if the client left before."""
        self._held += 1
        self.listeners.tell()
        try:
            return await outlasts(receive, self._up.wait())
        finally:
            self._held -= 1
            self.listeners.tell()
