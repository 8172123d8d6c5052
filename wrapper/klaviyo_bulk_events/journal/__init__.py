"""Journals: what a run has read and what became of it, on disk, so that it survives its death."""

import os
from collections.abc import Mapping

from attrs import Factory, frozen

from klaviyo_bulk_events.endpoint import Endpoint
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.journal.ledger import JournalLedger
from klaviyo_bulk_events.journal.opening import opened

__all__ = ["FileJournal"]


@frozen
class FileJournal:
    """A journal in a file, and what is to be told of the run's source.

    Args:
        path: the file; others stand beside it, with longer names.
        source: whatever tells this source from others, under a name for each part: a run can go on
            only where all of it is the same.
        about: what a report of the run is to tell of it beside what became of its events, such as
            its settings; JSON values, without personal data. `limits` are the rates (`requests` in
            `seconds`) if they are not Klaviyo's own.
    """

    path: str | os.PathLike[str]
    source: Mapping[str, object] = Factory(dict)
    about: Mapping[str, object] = Factory(dict)

    def open(self, endpoint: Endpoint, intake: Intake, backfill: bool | None) -> JournalLedger:
        """Go on with its run, or begin it; nobody else may until it is closed."""
        return opened(self.path, self.source, endpoint, intake, backfill, about=self.about)
