"""What can't be sent is never passed over in silence."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from klaviyo_bulk_events.emulator import Running
from tests.dlt.conftest import failure
from tests.dlt.shop import KEY, Shop, orders


def poisoned(emulated: Running) -> list[dict[str, Any]]:
    """Rows of which 7 is refused by us, 8 by Klaviyo, and 9 has a time of another type."""
    given = orders(1_500)
    given[7]["unique_id"] = "x" * 300
    given[9]["time"] = "yesterday"
    emulated.emulator.refuse(lambda event: event.properties["number"] == 8)
    return given


def test_the_job_fails_once_all_else_is_settled(shop: Shop, emulated: Running) -> None:
    """It says how many of which kind, no value of a row, and how to go on."""
    said = failure(shop, poisoned(emulated))
    assert "3 of 1,500 rows" in said
    assert "1 rejected (not_a_time at /time)" in said
    assert "1 rejected (unique_id_too_long at /unique_id)" in said
    assert "Set rejects to a folder" in said
    assert "yesterday" not in said
    assert len(emulated.emulator.events()) == 1_497


def test_with_a_folder_the_load_goes_on(
    shop: Shop, emulated: Running, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """After the failure or at once; nothing is sent twice, and the rows can be mended."""
    failure(shop, poisoned(emulated))
    requests = len(emulated.emulator.requests())
    with caplog.at_level(logging.WARNING, "klaviyo_bulk_events"):
        loaded = shop.run(rejects=str(tmp_path / "rejects"))
    assert not loaded.has_failed_jobs
    assert len(emulated.emulator.requests()) == requests
    assert "3 of 1,500 rows" in caplog.text
    (path,) = (tmp_path / "rejects").iterdir()
    assert path.stat().st_mode & 0o077 == 0
    told = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["record"]["properties"]["number"] for line in told] == [7, 8, 9]
    assert [line["problems"][0]["code"] for line in told][::2] == [
        "unique_id_too_long",
        "not_a_time",
    ]
    assert told[2]["record"] == {**poisoned(emulated)[9], "backfill": True}


def test_good_rows_beside_a_bad_type(shop: Shop, emulated: Running, tmp_path: Path) -> None:
    """Columns that dlt split by type are one again; numbers and times are what they were."""
    given = orders(3, value=1.5)
    given[1]["value"] = "cheap"
    given[2]["time"] = "soon"
    shop.run(given, rejects=str(tmp_path / "rejects"))
    (event,) = emulated.emulator.events()
    assert (event.value, event.unique_id) == (1.5, "order-0")
    (path,) = (tmp_path / "rejects").iterdir()
    assert len(path.read_text().splitlines()) == 2


def test_what_has_no_safe_key_is_told_once(shop: Shop, emulated: Running, tmp_path: Path) -> None:
    """An event in doubt that can't be sent again stays unknown: trying again would not help."""
    given = [{k: v for k, v in row.items() if k != "unique_id"} for row in orders(1)]
    emulated.emulator.set_faults({"reset_after": 1.0})
    shop.run(given, rejects=str(tmp_path / "rejects"), intake={"derive_unique_id": False})
    (path,) = (tmp_path / "rejects").iterdir()
    assert json.loads(path.read_text())["status"] == "unknown"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"loader_file_format": "typed-jsonl"}, "reads parquet"),
        ({"intake": {"timezon": "UTC"}}, "timezon"),
        ({"intake": {"stamp_now": True}}, "stamp_now"),
        ({"client": {"max_inflight": 3}}, "max_inflight"),
        ({"client": {"limiter": "nowhere"}}, "limiter is memory:"),
    ],
)
def test_settings_that_are_wrong(
    shop: Shop, emulated: Running, settings: dict[str, Any], said: str
) -> None:
    """The job fails before anything is sent; mended, the same package is loaded."""
    told = failure(shop, orders(3), **settings)
    assert said in told
    assert KEY not in told
    assert emulated.emulator.requests() == []


def test_mended_settings_load_the_package(shop: Shop, emulated: Running) -> None:
    """A column that is no field fails the job, and is a property once the intake says so."""
    assert "'page'" in failure(shop, orders(3, page="/"))
    shop.run(intake={"rest_as_properties": True})
    assert {event.properties["page"] for event in emulated.emulator.events()} == {"/"}


@pytest.mark.parametrize("disposition", ["merge", "replace"])
def test_events_can_only_be_added(shop: Shop, emulated: Running, disposition: Any) -> None:
    """What dlt would promise of a table, nobody can keep."""
    import dlt

    resource = dlt.resource(orders(3), name="orders", write_disposition=disposition)
    assert "can only be added" in failure(shop, resource.apply_hints(primary_key="unique_id"))
    assert emulated.emulator.requests() == []
