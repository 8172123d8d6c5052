"""What every source of records is."""

from collections.abc import Iterator
from typing import Protocol

from klaviyo_bulk_events.planner import Sourced


class Source(Protocol):
    """Records in their order, read as they are asked for, once."""

    name: str

    def __iter__(self) -> Iterator[Sourced]: ...

    def share(self) -> float | None:
        """How much of the source was read, 0 to 1; None where its size isn't known."""
