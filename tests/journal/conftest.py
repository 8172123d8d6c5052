"""Runs with a journal, against an emulator."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from klaviyo_bulk_events.emulator import Running
from klaviyo_bulk_events.testing import KlaviyoEmulator

KEY = "pk_0123456789abcdef0123456789abcdef"


@pytest.fixture
def emulated(klaviyo_emulator: KlaviyoEmulator) -> Running:
    """An emulator without limits of rate, as new."""
    return Running(klaviyo_emulator.url, klaviyo_emulator.core)


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
