"""Repeats of an account's events, where those of many accounts are remembered together."""

from klaviyo_bulk_events.encoder import Key
from klaviyo_bulk_events.endpoint import Endpoint
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.ledger import Ledger, NoLedger
from klaviyo_bulk_events.repeats import Repeat, Repeats


class Remembering(NoLedger):
    """Finds an account's repeats over all of its legs, in what all accounts remember together."""

    def __init__(self, repeats: Repeats, account: str) -> None:
        self.repeats = self
        self._shared = repeats
        self._account = account

    def open(self, endpoint: Endpoint, intake: Intake, backfill: bool | None) -> Ledger:
        """Begin a leg."""
        return self

    def note(self, key: Key, data: bytes, opening: bytes, /) -> Repeat | None:
        """See `Memory`."""
        return self._shared.note((self._account, key), data, opening)
