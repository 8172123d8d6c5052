"""A destination of dlt: what pipelines extract goes out as events.

docs/dlt.md has what its settings are, and what becomes of a load that failed.
"""

from klaviyo_bulk_events.errors import ConfigurationError

try:
    import dlt as _  # noqa: F401 - only to see whether it is there
except ImportError:
    raise ConfigurationError(
        "the destination needs dlt: pip install 'klaviyo-bulk-events[dlt]'"
    ) from None

from klaviyo_bulk_events.dlt.destination import klaviyo

__all__ = ["klaviyo"]
