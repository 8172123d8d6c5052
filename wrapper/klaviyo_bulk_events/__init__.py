"""Deliver events to Klaviyo in bulk, at the rate limit, and know the fate of every one."""

from klaviyo_bulk_events.async_client import AsyncKlaviyoBulkEvents, AsyncRun
from klaviyo_bulk_events.client import KlaviyoBulkEvents, Run
from klaviyo_bulk_events.errors import ConfigurationError, KlaviyoBulkEventsError, StoppedError
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.outcomes import Outcome, Status
from klaviyo_bulk_events.problems import Problem, RecordError
from klaviyo_bulk_events.rates import Rate
from klaviyo_bulk_events.records import NULL, Event, Location, Profile
from klaviyo_bulk_events.report import Report
from klaviyo_bulk_events.version import __version__

__all__ = [
    "NULL",
    "AsyncKlaviyoBulkEvents",
    "AsyncRun",
    "ConfigurationError",
    "Event",
    "Intake",
    "KlaviyoBulkEvents",
    "KlaviyoBulkEventsError",
    "Location",
    "Outcome",
    "Problem",
    "Profile",
    "Rate",
    "RecordError",
    "Report",
    "Run",
    "Status",
    "StoppedError",
    "__version__",
]
