"""The exceptions of this package.

KlaviyoBulkEventsError
├── ConfigurationError   the call or the settings are wrong; nothing was sent
├── JournalError         the journal can't be used, or can't be written any more
├── LimiterError         the limiter's store can't be reached, or is none
├── QueueFullError       as many events wait in a queue as may
└── SpoolError           a queue's spool can't be used, or can't be written any more

Those that tell more stand beside what they tell: `problems.RecordError`, `report.StoppedError` and
`spark.JobError`.
"""


class KlaviyoBulkEventsError(Exception):
    """The root of everything that this package raises on purpose."""


class ConfigurationError(KlaviyoBulkEventsError, ValueError):
    """The call or the settings are wrong; nothing was sent."""


class JournalError(KlaviyoBulkEventsError):
    """The journal is in use, damaged, another run's, or can't be written; the text says which."""


class LimiterError(KlaviyoBulkEventsError):
    """What keeps the places at the limiter can't be reached or used; nothing is sent without it.

    `is_final`: it does not help to wait.
    """

    def __init__(self, message: str, *, is_final: bool = False) -> None:
        super().__init__(message)
        self.is_final = is_final


class QueueFullError(KlaviyoBulkEventsError):
    """As many events wait in the queue as may; the event was not taken."""


class SpoolError(KlaviyoBulkEventsError):
    """The spool is damaged, another account's, or can't be written; the text says which."""
