"""Run reports: what became of every event of a run, as a page to hand on, and as data."""

from klaviyo_bulk_events.run_report.data import of_plan, of_run
from klaviyo_bulk_events.run_report.file import check_target, write
from klaviyo_bulk_events.run_report.of_journal import of_journal
from klaviyo_bulk_events.run_report.page import page
from klaviyo_bulk_events.run_report.reasons import Reasons

__all__ = ["Reasons", "check_target", "of_journal", "of_plan", "of_run", "page", "write"]
