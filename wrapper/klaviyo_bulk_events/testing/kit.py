"""An emulator in a test's hands."""

import time
from typing import TYPE_CHECKING, Any, Final

from klaviyo_bulk_events.emulator import Emulator, Event, RequestRecord, Settings
from klaviyo_bulk_events.emulator.poison import Predicate
from klaviyo_bulk_events.testing.pairing import Pairing
from klaviyo_bulk_events.testing.received import record_of
from klaviyo_bulk_events.testing.telling import story
from klaviyo_bulk_events.testing.transport import EmulatorTransport
from klaviyo_bulk_events.testing.wanted import Expected, Wanted

if TYPE_CHECKING:
    from klaviyo_bulk_events.async_client import AsyncKlaviyoBulkEvents
    from klaviyo_bulk_events.client import KlaviyoBulkEvents

KEY: Final = "pk_0123456789abcdef0123456789abcdef"
"""Sent where the settings ask for no key of their own."""

_NOWHERE: Final = "http://klaviyo.localhost"
_FAST: Final = ("1000/s",)
_PAUSE: Final = 0.01


class KlaviyoEmulator:
    """An emulator of the endpoint, and what it received.

    `core` is the emulator without a wire, `url` where a server has it listen. Without a server it
    is reached by `transport` alone, which is there in any case: no socket is needed.
    """

    def __init__(self, core: Emulator | None = None, url: str | None = None) -> None:
        self.core = core or Emulator(Settings(rates=(), seed=1))
        self.url = url or _NOWHERE
        self.transport = EmulatorTransport(self.core)
        self._is_served = url is not None

    @property
    def key(self) -> str:
        """A private key that is good here."""
        return self.core.settings.api_key or KEY

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which clients and commands find the server; for other processes, too."""
        return {"KLAVIYO_BASE_URL": self.url, "KLAVIYO_API_KEY": self.key}

    @property
    def arguments(self) -> dict[str, Any]:
        """What `KlaviyoBulkEvents` and `AsyncKlaviyoBulkEvents` take to send here.

        At rates that no test waits for. Without a server, with the transport.
        """
        reach = {} if self._is_served else {"transport": self.transport}
        return {"api_key": self.key, "base_url": self.url, "rates": list(_FAST), **reach}

    def client(self, **settings: Any) -> "KlaviyoBulkEvents":
        """A blocking client that sends here, with these settings besides or instead."""
        from klaviyo_bulk_events.client import KlaviyoBulkEvents

        return KlaviyoBulkEvents(**{**self.arguments, **settings})

    def async_client(self, **settings: Any) -> "AsyncKlaviyoBulkEvents":
        """The same for asyncio."""
        from klaviyo_bulk_events.async_client import AsyncKlaviyoBulkEvents

        return AsyncKlaviyoBulkEvents(**{**self.arguments, **settings})

    @property
    def events(self) -> list[Event]:
        """The accepted events, in the order in which they arrived."""
        return self.core.events()

    @property
    def requests(self) -> list[RequestRecord]:
        """The requests, in the order in which they arrived, refused ones too."""
        return self.core.requests()

    def inject(self, fault: str, times: int = 1) -> None:
        """Have the next so many requests meet a fault: `klaviyo-bulk-events emulate` lists them."""
        self.core.inject(fault, times)

    def refuse(self, predicate: Predicate | None) -> None:
        """Refuse the events that this is true of, each time they come.

        What it raises, `assert_received` raises, and so does the fixture after the test.
        """
        self.core.refuse(predicate)

    def reset(self) -> None:
        """Forget what was received, and every fault but those that the settings ask for."""
        self.core.set_faults(self.core.settings.faults)
        self.core.refuse(None)
        self.core.reset()

    def assert_received(
        self, *expected: Expected, others: bool = False, within: float = 0.0
    ) -> None:
        """Fail unless these events were accepted, in any order, and with `others` more of them.

        An `Event` is compared as a whole, of a mapping in record form only what it names. Without
        arguments: nothing was received. `within` so many seconds they may still arrive, as from a
        queue. Raises AssertionError, which says what differs; also where more was accepted than the
        settings `keep`, unless `others` may have been.
        """
        __tracebackhide__ = True
        wanted = [Wanted(one) for one in expected]
        end = time.monotonic() + within
        pairing, forgotten = self._look(wanted)
        while _fails(pairing, forgotten, others) and time.monotonic() < end:
            time.sleep(_PAUSE)
            pairing, forgotten = self._look(wanted)
        if _fails(pairing, forgotten, others):
            told = story(pairing, self.requests, others=others, forgotten=forgotten)
            raise AssertionError(told)

    def _look(self, wanted: list[Wanted]) -> tuple[Pairing, int]:
        """Pair with the events that are kept, and count the older ones that are not."""
        accepted = self.core.summary()["accepted"]  # before they are read: more may come meanwhile
        pairing = self._pair(wanted)
        return pairing, max(0, accepted - len(pairing.received))

    def _pair(self, wanted: list[Wanted]) -> Pairing:
        self.core.check_predicate()
        return Pairing(wanted, [record_of(event) for event in self.events])


def _fails(pairing: Pairing, forgotten: int, others: bool) -> bool:
    return bool(pairing.missing or ((pairing.unexpected or forgotten) and not others))
