"""The exceptions of this package.

KlaviyoBulkEventsError
├── ConfigurationError   the call or the settings are wrong; nothing was sent
├── RecordError          a record can't become an event; says why (in `problems`)
└── StoppedError         Klaviyo refuses the key, the endpoint or the revision
"""


class KlaviyoBulkEventsError(Exception):
    """The root of everything that this package raises on purpose."""


class ConfigurationError(KlaviyoBulkEventsError, ValueError):
    """The call or the settings are wrong; nothing was sent."""
