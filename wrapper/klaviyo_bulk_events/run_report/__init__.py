"""Run reports: what became of every event of a run, as a page to hand on, and as data.

`of_journal`, which needs SQLite, is imported from its module.
"""

from klaviyo_bulk_events.run_report.data import of_plan, of_run
from klaviyo_bulk_events.run_report.file import check_target, write
from klaviyo_bulk_events.run_report.page import page
from klaviyo_bulk_events.run_report.reasons import Reasons

__all__ = ["Reasons", "check_target", "of_plan", "of_run", "page", "write"]
