"""The exceptions of this package.

KlaviyoBulkEventsError
├── ConfigurationError   the call or the settings are wrong; nothing was sent
├── RecordError          a record can't become an event; says why (in `problems`)
└── StoppedError         Klaviyo refuses the key, the endpoint or the revision
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from klaviyo_bulk_events.report import Report


class KlaviyoBulkEventsError(Exception):
    """The root of everything that this package raises on purpose."""


class ConfigurationError(KlaviyoBulkEventsError, ValueError):
    """The call or the settings are wrong; nothing was sent."""


class StoppedError(KlaviyoBulkEventsError):
    """No request can succeed any more; `report` is the sum of what was settled until then."""

    def __init__(self, reason: str, report: "Report") -> None:
        super().__init__(reason)
        self.report = report
