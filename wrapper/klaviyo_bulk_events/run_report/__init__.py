"""Run reports: what became of every event of a run, as a page to hand on, and as data.

`of_journal`, which needs SQLite, is imported from its module.
"""

from klaviyo_bulk_events.run_report.data import of_run
from klaviyo_bulk_events.run_report.file import write
from klaviyo_bulk_events.run_report.reasons import Reasons

__all__ = ["Reasons", "of_run", "write"]
