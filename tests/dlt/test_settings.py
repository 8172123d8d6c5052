"""Settings come from where dlt has them; whether events are history is always said."""

import logging
from pathlib import Path

import dlt
import pytest
from dlt.common.configuration.exceptions import ConfigFieldMissingException
from dlt.pipeline.exceptions import PipelineStepFailed

from klaviyo_bulk_events.dlt import klaviyo
from klaviyo_bulk_events.emulator import Running
from tests.dlt.shop import KEY, orders

SETTINGS = "DESTINATION__KLAVIYO__"


@pytest.fixture
def configured(
    emulated: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> pytest.MonkeyPatch:
    """All but backfill, by environment variables."""
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    monkeypatch.setenv("PIPELINES_DIR", str(tmp_path))
    monkeypatch.setenv(f"{SETTINGS}API_KEY", KEY)
    monkeypatch.setenv(f"{SETTINGS}CLIENT", f'{{"base_url": "{emulated.url}"}}')
    return monkeypatch


def run(folder: Path) -> None:
    dlt.pipeline("shop", destination=klaviyo, pipelines_dir=str(folder)).run(
        orders(3), table_name="orders"
    )


@pytest.mark.parametrize(
    ("said", "meant"), [("true", True), ("True", True), ("false", False), ("no", False)]
)
def test_backfill_as_it_is_said(
    configured: pytest.MonkeyPatch, emulated: Running, tmp_path: Path, said: str, meant: bool
) -> None:
    """Texts of an environment variable mean what they say."""
    configured.setenv(f"{SETTINGS}BACKFILL", said)
    run(tmp_path)
    assert {event.backfill for event in emulated.emulator.events()} == {meant}


def test_without_backfill_nothing_is_sent(
    configured: pytest.MonkeyPatch, emulated: Running, tmp_path: Path
) -> None:
    """The pipeline says which setting is missing."""
    with pytest.raises(PipelineStepFailed) as failed:
        run(tmp_path)
    assert isinstance(failed.value.__cause__, ConfigFieldMissingException)
    assert "BACKFILL" in str(failed.value)
    assert emulated.emulator.requests() == []


def test_a_backfill_that_says_neither(
    configured: pytest.MonkeyPatch, emulated: Running, tmp_path: Path
) -> None:
    """It is refused, and not taken for true."""
    configured.setenv(f"{SETTINGS}BACKFILL", "maybe")
    with pytest.raises(PipelineStepFailed):
        run(tmp_path)
    assert emulated.emulator.requests() == []


def test_the_key_stays_secret(
    configured: pytest.MonkeyPatch,
    emulated: Running,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Not in what a failed load says, nor in any file of the pipeline, nor in the log."""
    configured.setenv(f"{SETTINGS}BACKFILL", "true")
    emulated.emulator.set_faults({"json_401": 1.0})
    with caplog.at_level(logging.DEBUG), pytest.raises(PipelineStepFailed) as failed:
        run(tmp_path)
    assert KEY not in str(failed.value) + caplog.text
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"Ordered Product" in kept
    assert KEY.encode() not in kept
