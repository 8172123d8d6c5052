"""The exceptions of this package.

KlaviyoBulkEventsError
├── ConfigurationError   the call or the settings are wrong; nothing was sent
├── JournalError         the journal can't be used, or can't be written any more
├── LimiterError         the limiter's store can't be reached, or is none
├── RecordError          a record can't become an event; says why (in `problems`)
└── StoppedError         Klaviyo refuses the key, the endpoint or the revision
"""


class KlaviyoBulkEventsError(Exception):
    """The root of everything that this package raises on purpose."""


class ConfigurationError(KlaviyoBulkEventsError, ValueError):
    """The call or the settings are wrong; nothing was sent."""


class JournalError(KlaviyoBulkEventsError):
    """The journal is in use, damaged, another run's, or can't be written; the text says which."""


class LimiterError(KlaviyoBulkEventsError):
    """What keeps the places at the limiter can't be reached or used; nothing is sent without it."""
