"""Runs with a journal, against an emulator."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from klaviyo_bulk_events.emulator import Running, Settings, running

KEY = "pk_0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="session")
def served() -> Iterator[Running]:
    """An emulator without limits of rate."""
    with running(Settings(rates=(), seed=1)) as served:
        yield served


@pytest.fixture
def emulated(served: Running) -> Running:
    """The emulator, as new."""
    served.emulator.set_faults({})
    served.emulator.reset()
    return served


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a journal may be."""
    return tmp_path / "run.db"


@pytest.fixture
def records() -> Callable[..., list[dict[str, Any]]]:
    """Make so many good records, each with a `unique_id` of its own."""

    def records(count: int) -> list[dict[str, Any]]:
        return [record(number) for number in range(count)]

    return records


def record(number: int, **fields: Any) -> dict[str, Any]:
    """A good record."""
    return {
        "metric": "Ordered Product",
        "profile": {"external_id": str(number % 7), "first_name": "Ada"},
        "properties": {"number": number + 1},
        "time": "2025-05-05T12:00:00Z",
        "unique_id": f"order-{number}",
        **fields,
    }
