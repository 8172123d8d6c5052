"""What becomes of the records of many accounts is told, and of records of nobody, counted."""

import logging
from collections.abc import Callable
from typing import Final, TypeAlias

import attrs

from klaviyo_bulk_events.account_of import AccountOf, pointer_to
from klaviyo_bulk_events.outcomes import Outcome, Status
from klaviyo_bulk_events.planner import Record, Sourced, not_taken
from klaviyo_bulk_events.problems import Problem
from klaviyo_bulk_events.report import Tally

NOBODY: Final = ""
"""What the report of records without a known account stands under."""
_REFUSED: Final = {
    "missing_account": "the record has no account, so nobody knows where it should go",
    "unknown_account": "there is no credential for the account of this record",
}

_log = logging.getLogger("klaviyo_bulk_events")

Hear: TypeAlias = Callable[[str, Outcome], None]


def refusal(account: str | None, where: AccountOf, record: Record) -> Problem:
    """What is wrong with a record of which nobody knows where it should go."""
    if isinstance(record, Sourced) and record.problem is not None:
        return record.problem
    code = "missing_account" if account is None else "unknown_account"
    return Problem(pointer_to(where), code, _REFUSED[code])


class Telling:
    """Tells outcomes to whoever wants to hear them, whose own faults take no records along."""

    def __init__(self, account: AccountOf, hear: Hear | None) -> None:
        self._account = account
        self._hear = hear
        self.nobody = Tally()

    @property
    def is_heard(self) -> bool:
        """Whether anybody wants to hear."""
        return self._hear is not None

    def tell(self, account: str, outcome: Outcome, after: int = 0) -> None:
        """Tell an outcome, whose position is counted after so many records of the account."""
        if self._hear is None:
            return
        if after:
            outcome = attrs.evolve(outcome, position=after + outcome.position)
        try:
            self._hear(account, outcome)
        except Exception:
            _log.exception("on_outcome raised; the stream goes on")

    def refuse(self, account: str | None, record: Record) -> None:
        """Reject a record of which nobody knows where it should go."""
        problem = refusal(account, self._account, record)
        settled = not_taken(record, Status.REJECTED, self.nobody.settled, problem)
        self.nobody.add_outcome(settled)
        self.tell(NOBODY, settled)
