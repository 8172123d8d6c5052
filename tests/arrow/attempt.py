"""An attempt in a process of its own: `python -m tests.arrow.attempt URL LEDGER RUN`."""

import sys
from typing import Any

from klaviyo_bulk_events.arrow import send_batches
from tests.arrow.conftest import KEY
from tests.arrow.tables import batches, outcomes, rows

ROWS = 12_000


def attempt(url: str, ledger: str, run: str, rate: str) -> list[dict[str, Any]]:
    """The outcomes of the same rows, in their order."""
    settings = {"api_key": KEY, "base_url": url, "rates": [rate]}
    return outcomes(
        send_batches(
            batches(rows(ROWS)),
            client=settings,
            backfill=True,
            ledger=ledger,
            run=run,
            account="shop",
        )
    )


if __name__ == "__main__":
    attempt(*sys.argv[1:], rate="2/0.2s")
