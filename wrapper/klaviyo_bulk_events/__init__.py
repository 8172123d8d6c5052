"""Deliver events to Klaviyo in bulk, at the rate limit, and know the fate of every one."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from klaviyo_bulk_events.version import __version__

if TYPE_CHECKING:
    from klaviyo_bulk_events.accounts import Accounts, AsyncAccounts
    from klaviyo_bulk_events.async_client import AsyncKlaviyoBulkEvents
    from klaviyo_bulk_events.async_run import AsyncRun
    from klaviyo_bulk_events.client import KlaviyoBulkEvents
    from klaviyo_bulk_events.errors import (
        ConfigurationError,
        JournalError,
        KlaviyoBulkEventsError,
        LimiterError,
        QueueFullError,
        SpoolError,
    )
    from klaviyo_bulk_events.intake import Intake
    from klaviyo_bulk_events.outcomes import Outcome, Status
    from klaviyo_bulk_events.problems import Problem, RecordError
    from klaviyo_bulk_events.queueing import AsyncEventQueue, EventQueue, QueueStats
    from klaviyo_bulk_events.rates import Rate
    from klaviyo_bulk_events.records import NULL, Event, Location, Profile
    from klaviyo_bulk_events.report import Report, StoppedError
    from klaviyo_bulk_events.run import Run

__all__ = [
    "NULL",
    "Accounts",
    "AsyncAccounts",
    "AsyncEventQueue",
    "AsyncKlaviyoBulkEvents",
    "AsyncRun",
    "ConfigurationError",
    "Event",
    "EventQueue",
    "Intake",
    "JournalError",
    "KlaviyoBulkEvents",
    "KlaviyoBulkEventsError",
    "LimiterError",
    "Location",
    "Outcome",
    "Problem",
    "Profile",
    "QueueFullError",
    "QueueStats",
    "Rate",
    "RecordError",
    "Report",
    "Run",
    "SpoolError",
    "Status",
    "StoppedError",
    "__version__",
]

# Imported when they are first asked for: httpx takes longer to import than all the rest, and who
# makes events, or asks the command for help, does not need it.
_MODULES = {
    "accounts": ("Accounts", "AsyncAccounts"),
    "async_client": ("AsyncKlaviyoBulkEvents",),
    "async_run": ("AsyncRun",),
    "client": ("KlaviyoBulkEvents",),
    "errors": (
        "ConfigurationError",
        "JournalError",
        "KlaviyoBulkEventsError",
        "LimiterError",
        "QueueFullError",
        "SpoolError",
    ),
    "intake": ("Intake",),
    "outcomes": ("Outcome", "Status"),
    "problems": ("Problem", "RecordError"),
    "queueing": ("AsyncEventQueue", "EventQueue", "QueueStats"),
    "rates": ("Rate",),
    "records": ("NULL", "Event", "Location", "Profile"),
    "report": ("Report", "StoppedError"),
    "run": ("Run",),
}
_WHERE = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
