"""Whose rate windows a request counts in."""

from random import Random

from klaviyo_bulk_events.emulator.messages import Request
from klaviyo_bulk_events.emulator.settings import Settings
from klaviyo_bulk_events.emulator.windows import Windows


class Accounts:
    """The windows of one account, or of one for each key or token."""

    def __init__(self, settings: Settings, random: Random) -> None:
        self._settings = settings
        self._random = random
        self._windows: dict[str, Windows] = {}
        self._latest: Windows | None = None

    def of(self, request: Request) -> Windows:
        """The windows of the account that a request is sent to."""
        named = request.headers.get("authorization", "") if self._settings.account_per_key else ""
        if named not in self._windows:
            self._windows[named] = Windows(self._settings.rates, self._random)
        self._latest = self._windows[named]
        return self._latest

    def windows(self, since: float) -> list[list[tuple[float, int]]]:
        """For each rate the windows since a moment, of the account that was sent to last."""
        return self._latest.latest(since) if self._latest else []
