"""Arrow's record batches in, outcomes in record batches out; what was sent stays known.

The interface is in this module; docs/arrow.md has the form of columns, and what a ledger promises.
"""

from klaviyo_bulk_events.errors import ConfigurationError

try:
    import pyarrow as _  # noqa: F401 - only to see whether it is there
except ImportError:
    raise ConfigurationError(
        "record batches need pyarrow: pip install 'klaviyo-bulk-events[arrow]'"
    ) from None

from klaviyo_bulk_events.arrow.account_batches import send_account_batches
from klaviyo_bulk_events.arrow.outcome_batches import OUTCOMES
from klaviyo_bulk_events.arrow.sending import send_batches
from klaviyo_bulk_events.arrow.store import ChunkName, Store

__all__ = ["OUTCOMES", "ChunkName", "Store", "send_account_batches", "send_batches"]
