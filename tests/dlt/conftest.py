"""Pipelines of dlt against an emulator."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from klaviyo_bulk_events.emulator import Running, Settings, running
from tests.dlt.shop import Shop


@pytest.fixture(scope="session")
def served() -> Iterator[Running]:
    with running(Settings(rates=(), seed=1)) as served:
        yield served


@pytest.fixture
def emulated(served: Running) -> Running:
    """An emulator without limits of rate, as new."""
    served.emulator.set_faults({})
    served.emulator.refuse(None)
    served.emulator.reset()
    return served


@pytest.fixture
def shop(emulated: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A pipeline that another process could go on with."""
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    return Shop(emulated.url, tmp_path)


def failure(shop: Shop, *given: Any, **settings: Any) -> str:
    """What the failed step says."""
    with pytest.raises(PipelineStepFailed) as failed:
        shop.run(*given, **settings)
    return str(failed.value)
