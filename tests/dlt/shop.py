"""A shop's pipeline; in a process of its own: `python -m tests.dlt.shop URL FOLDER`."""

import sys
from pathlib import Path
from typing import Any

import dlt

from klaviyo_bulk_events.dlt import klaviyo

KEY = "pk_0123456789abcdef0123456789abcdef"
ROWS = 12_000


def orders(count: int, **fields: Any) -> list[dict[str, Any]]:
    """So many good rows, with these fields as well."""
    return [
        {
            "metric": "Ordered Product",
            "profile": {"external_id": str(number % 7)},
            "properties": {"number": number, "items": [{"sku": "a"}]},
            "time": "2025-05-05T12:00:00Z",
            "unique_id": f"order-{number}",
            **fields,
        }
        for number in range(count)
    ]


class Shop:
    """Loads rows of one table, with the same working folder each time."""

    def __init__(self, url: str, folder: Path, rate: str = "1000/s") -> None:
        self._client = {"base_url": url, "rates": [rate], "deadline": 0.9}
        self._folder = folder

    def pipeline(self, **settings: Any) -> Any:
        """A pipeline as a new process makes it; `client` is added to what is there."""
        client = {**self._client, **settings.pop("client", {})}
        destination = klaviyo(**{"backfill": True, "api_key": KEY, **settings}, client=client)
        return dlt.pipeline("shop", destination=destination, pipelines_dir=str(self._folder))

    def run(self, *given: Any, table: str = "orders", **settings: Any) -> Any:
        """Load what is pending, else what is given."""
        return self.pipeline(**settings).run(*given, table_name=table if given else None)


if __name__ == "__main__":
    Shop(sys.argv[1], Path(sys.argv[2]), "2/0.2s").run(orders(ROWS))
