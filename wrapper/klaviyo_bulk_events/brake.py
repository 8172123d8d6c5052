"""Ends a run when what goes wrong is no fault of its events."""

from typing import Final

from klaviyo_bulk_events.outcomes import Settlement

_IN_A_ROW: Final = 3
"""Chunks refused whole for the same, or lost whole: the next thousand events won't fare better."""


class Brake:
    """Sees every settlement, in the order in which they come."""

    def __init__(self) -> None:
        self._fault: tuple[str, str] | None = None
        self._times = 0
        self._lost = 0

    def see(self, settlement: Settlement) -> str | None:
        """Why the run has to stop now; None if it need not."""
        if settlement.outage:
            return f"a request was given up: {settlement.outage} came last; send the rest later"
        self._lost = self._lost + 1 if settlement.is_lost else 0
        if self._lost >= _IN_A_ROW:
            return f"{self._lost} requests in a row had no answer that settles them"
        return self._refused(settlement.fault_of_all)

    def _refused(self, fault: tuple[str, str] | None) -> str | None:
        self._times = self._times + 1 if fault and fault == self._fault else bool(fault)
        self._fault = fault
        if fault is None or self._times < _IN_A_ROW:
            return None
        code, pointer = fault
        where = f" at {pointer}" if pointer else ""
        return f"{self._times} requests in a row were refused whole, with {code}{where}"
