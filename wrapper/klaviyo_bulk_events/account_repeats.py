"""Repeats of an account's events, where those of many accounts are remembered together."""

from attrs import frozen

from klaviyo_bulk_events.encoder import Key
from klaviyo_bulk_events.repeats import Repeat, Repeats


@frozen
class RepeatsOfAccount:
    """Finds an account's repeats over all of its legs, in what all accounts remember together."""

    repeats: Repeats
    account: str

    def note(self, key: Key, data: bytes, opening: bytes, /) -> Repeat | None:
        """See `repeats.Memory`."""
        return self.repeats.note((self.account, key), data, opening)
