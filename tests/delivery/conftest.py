"""Encoded events to make chunks of."""

from collections.abc import Callable

import pytest

from klaviyo_bulk_events import Intake
from klaviyo_bulk_events.chunker import Chunk, Chunker
from klaviyo_bulk_events.encoder import EncodedEvent, Encoder

Make = Callable[..., EncodedEvent]


@pytest.fixture(scope="session")
def encode() -> Make:
    """Encode an event of this number, for this profile."""
    encoder = Encoder(Intake(), None)

    def make(
        number: int, profile: int = 0, *, backfill: bool = True, padding: int = 0
    ) -> EncodedEvent:
        return encoder.encode(
            {
                "metric": "Ordered Product",
                "profile": {"external_id": str(profile)},
                "properties": {"padding": "x" * padding},
                "time": "2025-05-05T12:00:00Z",
                "unique_id": f"order-{number}",
                "backfill": backfill,
            }
        )

    return make


@pytest.fixture(scope="session")
def five(encode: Make) -> Chunk:
    """Two profiles: the first with events 0, 2 and 4, the second with 1 and 3."""
    chunker = Chunker()
    for number in range(5):
        assert chunker.add(encode(number, profile=number % 2)) is None
    closed = chunker.close()
    assert closed is not None
    return closed


@pytest.fixture
def chunk(five: Chunk) -> Chunk:
    return five
