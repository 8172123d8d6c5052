"""What `status` tells of a run beside its counts."""

import time
from collections.abc import Callable
from typing import Any, Final

from klaviyo_bulk_events.steps import Answered, Notice, Paused, Retrying, Settled

_WORTH_TELLING: Final = 1.0
"""Seconds of waiting that are told of."""


class Telling:
    """The last answer, and what is waited for. `clock` is the wall's, as others will read it."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._answer: dict[str, Any] | None = None
        self._waits: dict[str, Any] | None = None
        self._told = 0.0

    def hear(self, notice: Notice) -> bool:
        """Whether what a notice says should be told at once."""
        now = self._clock()
        if isinstance(notice, Answered):
            self._answer = {"at": now, "what": str(notice.reply)}
            self._waits = None
            return False
        if isinstance(notice, Settled) or notice.seconds < _WORTH_TELLING:
            return False
        self._waits = {"for": _reason(notice), "until": now + notice.seconds}
        if now - self._told < _WORTH_TELLING:
            return False
        self._told = now
        return True

    def state(self) -> dict[str, Any]:
        """All of it in plain JSON values."""
        return {"answer": self._answer, "waits": self._waits}


def _reason(notice: Notice) -> str:
    if isinstance(notice, Paused):
        return "Klaviyo's pause for the whole account (429)"
    if isinstance(notice, Retrying):
        return f"another attempt, after {notice.reply}"
    return "a place under the rate limit"
