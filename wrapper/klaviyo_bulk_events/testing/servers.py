"""The servers of one run of tests: one for all who want the same settings."""

from contextlib import ExitStack

import httpx

from klaviyo_bulk_events.emulator import Running, Settings, running
from klaviyo_bulk_events.testing.kit import KlaviyoEmulator


class Servers:
    """Starts a server when its settings are first asked for; all stop with the `stack`.

    Each process of a run that is spread over several has servers of its own.
    """

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._started: list[tuple[Settings, Running]] = []

    def emulator(self, settings: Settings) -> KlaviyoEmulator:
        """An emulator with these settings, as new."""
        server = self._server(settings)
        emulator = KlaviyoEmulator(server.emulator, server.url)
        emulator.reset()
        # Only now: what a pause still holds is older than the reset, and broken off.
        httpx.post(f"{server.url}/emulator/resume", trust_env=False).raise_for_status()
        return emulator

    def _server(self, settings: Settings) -> Running:
        # Not a dict: settings that hold probabilities have no hash.
        for started, server in self._started:
            if started == settings:
                return server
        server = self._stack.enter_context(running(settings))
        self._started.append((settings, server))
        return server
