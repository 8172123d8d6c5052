"""The exceptions of this package.

KlaviyoBulkEventsError
├── ConfigurationError   the call or the settings are wrong; nothing was sent
├── JournalError         the journal can't be used, or can't be written any more
├── RecordError          a record can't become an event; says why (in `problems`)
└── StoppedError         Klaviyo refuses the key, the endpoint or the revision
"""


class KlaviyoBulkEventsError(Exception):
    """The root of everything that this package raises on purpose."""


class ConfigurationError(KlaviyoBulkEventsError, ValueError):
    """The call or the settings are wrong; nothing was sent."""


class JournalError(KlaviyoBulkEventsError):
    """The journal is in use, damaged, another run's, or can't be written; the text says which."""
