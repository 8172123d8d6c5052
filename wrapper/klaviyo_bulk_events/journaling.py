"""From what a caller gives as `journal` to the ledger of a run.

The one place in which the flow reaches for the package around it, and only once a path is given:
SQLite is not for those who keep no journal.
"""

import os
from typing import TypeAlias

from klaviyo_bulk_events.endpoint import Endpoint
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.ledger import Journal, Ledger, NoLedger

JournalLike: TypeAlias = Journal | str | os.PathLike[str]
"""A journal, or the path of one."""


def ledger_for(
    journal: JournalLike | None, endpoint: Endpoint, intake: Intake, backfill: bool | None
) -> Ledger:
    """The ledger of a run. Raises JournalError."""
    if journal is None:
        return NoLedger()
    if isinstance(journal, str | os.PathLike):
        from klaviyo_bulk_events.journal import FileJournal

        journal = FileJournal(journal)
    return journal.open(endpoint, intake, backfill)
