"""What a pipeline loads is at Klaviyo once, whatever came between."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt
import pytest

from klaviyo_bulk_events.dlt.load_file import LoadFile
from klaviyo_bulk_events.emulator import Running, Settings, running
from klaviyo_bulk_events.rates import Rate
from tests.dlt.conftest import failure
from tests.dlt.shop import ROWS, Shop, orders
from tests.killing import killed_after


def test_a_clean_load(shop: Shop, emulated: Running) -> None:
    """Each row is an event, with what dlt keeps as JSON, and nothing that is dlt's own."""
    loaded = shop.run(orders(2_500))
    assert not loaded.has_failed_jobs
    assert len(emulated.emulator.requests()) == 3
    events = sorted(emulated.emulator.events(), key=lambda event: event.properties["number"])
    assert len(events) == 2_500
    assert events[8].profile == {"external_id": "1"}
    assert events[8].properties == {"number": 8, "items": [{"sku": "a"}]}
    assert events[8].unique_id == "order-8"
    assert all(event.backfill for event in events)


def test_dotted_columns(shop: Shop, emulated: Running) -> None:
    """Names with points stay as they are; others become properties if the intake says so."""
    row = {"metric": "Seen", "profile.email": "a@klaviyo-demo.com", "page": "/", "parts": [1, {}]}
    shop.run([{**row, "time": "2025-05-05 12:00:00"}], intake=RESTING)
    (event,) = emulated.emulator.events()
    assert event.profile == {"email": "a@klaviyo-demo.com"}
    assert event.properties == {"page": "/", "parts": [1, {}]}


RESTING = {"rest_as_properties": True, "timezone": "Europe/London"}


def test_every_load_is_another_run(shop: Shop, emulated: Running) -> None:
    """Files of other loads and other tables don't take one another's chunks for theirs."""
    shop.run(orders(10))
    shop.run([{**row, "unique_id": f"new-{n}"} for n, row in enumerate(orders(10))])
    shop.run([{**row, "unique_id": f"other-{n}"} for n, row in enumerate(orders(10))], table="more")
    assert len(emulated.emulator.events()) == 30


def test_an_exception_midway(
    shop: Shop, emulated: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job is tried again at once, and what was sent is not sent again."""
    whole = LoadFile.batches
    failures = 2

    def failing(file: LoadFile) -> Iterator[Any]:
        nonlocal failures
        for at, batch in enumerate(whole(file)):
            if at == 3 and failures:
                failures -= 1
                raise OSError("the disk is gone")
            yield batch

    monkeypatch.setattr(LoadFile, "batches", failing)
    shop.run(orders(4_500))
    assert failures == 0
    assert accepted(emulated) == [500, 1_000, 1_000, 1_000, 1_000]


@pytest.mark.parametrize(
    ("rows", "begins", "said"), [(500, 0, "not all is sent yet"), (30_000, 2_000, "from row")]
)
def test_an_outage_that_outlasts_all_attempts(
    shop: Shop, emulated: Running, tmp_path: Path, rows: int, begins: int, said: str
) -> None:
    """The package stays, whether all rows were read or not, and the next run sends the rest."""
    if begins:
        begin_at(emulated, begins, {"throttled": 1.0})
    else:
        emulated.emulator.set_faults({"throttled": 1.0})
    assert said in failure(shop, orders(rows), rejects=str(tmp_path / "rejects"))
    emulated.emulator.set_faults({})
    emulated.emulator.refuse(None)
    shop.run()
    assert sum(accepted(emulated)) == len(emulated.emulator.events()) == rows


def test_a_key_that_is_revoked_midway(shop: Shop, emulated: Running) -> None:
    """The package stays; with a new key of the named account it goes on."""
    begin_at(emulated, 2_000, {"json_401": 1.0})
    failure(shop, orders(4_500), account="shop")
    emulated.emulator.set_faults({})
    emulated.emulator.refuse(None)
    shop.run(api_key="pk_another", account="shop")
    assert sum(accepted(emulated)) == len(emulated.emulator.events()) == 4_500


@pytest.mark.skipif(os.name == "nt", reason="has no SIGKILL")
def test_killed_midway(shop: Shop, emulated: Running, tmp_path: Path) -> None:
    """All rows are there once, and what was settled before the kill is not sent again."""
    command = [sys.executable, "-m", "tests.dlt.shop", emulated.url, str(tmp_path)]
    sent = killed_after(5, command, emulated)
    shop.run()
    assert len(emulated.emulator.events()) == sum(accepted(emulated)) == ROWS
    assert len(emulated.emulator.requests()) < sent + ROWS // 1_000


def test_files_share_the_limits(shop: Shop, tmp_path: Path) -> None:
    """Those of one load and of the next: no request is too many."""
    with running(Settings(rates=(Rate(3, 1.0),), seed=1)) as limited:
        slow = Shop(limited.url, tmp_path, "3/s")
        for load in range(2):
            tables = [dlt.resource(orders(1, unique_id=f"{load}-{n}"), f"t{n}") for n in range(3)]
            slow.pipeline().run(tables)
        assert [request.status for request in limited.emulator.requests()] == [202] * 6


def begin_at(emulated: Running, number: int, faults: dict[str, float]) -> None:
    """Let the faults begin with the request that holds this event."""

    def watch(event: Any) -> bool:
        if event.properties["number"] >= number:
            emulated.emulator.set_faults(faults)
        return False

    emulated.emulator.refuse(watch)


def accepted(emulated: Running) -> list[int]:
    return sorted(r.accepted for r in emulated.emulator.requests() if r.accepted)
