"""Many accounts of unequal size at their limits, one of them with a key that is not good."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from klaviyo_bulk_events import Rate
from klaviyo_bulk_events.emulator import Running, Settings, gate, running
from klaviyo_bulk_events.emulator.refusals import Flaw, RequestRefused
from tests.spark.conftest import REVOKED, sums
from tests.spark.worker import KEYS

SIZES = {account: 100 + 2 * number * number for number, account in enumerate(KEYS)}


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """An emulator that counts windows for each key, and knows one as revoked."""
    check = gate.check_headers

    def checked(request: Any, api_key: str | None) -> None:
        if REVOKED in request.headers.get("authorization", ""):
            raise RequestRefused(401, [Flaw("Missing or invalid private key.")])
        check(request, api_key)

    monkeypatch.setattr(gate, "check_headers", checked)
    settings = Settings(rates=(Rate(1, 0.5),), account_per_key=True, seed=1)
    with running(settings) as limited:
        yield limited


def test_unequal_accounts_and_one_revoked_key(
    spark: Any, arguments: dict[str, Any], limited: Running
) -> None:
    """All others are through, at their own limits, without a 429; the one's rows are unsent."""
    from pyspark.sql import functions as F  # noqa: N812

    from klaviyo_bulk_events.spark import write

    rows = [(account, f"{account}-{n}") for account, size in SIZES.items() for n in range(size)]
    df = spark.createDataFrame(rows, "shop string, unique_id string").select(
        "*",
        F.lit("Ordered").alias("metric"),
        F.lit("2025-05-05T12:00:00Z").alias("time"),
        F.col("unique_id").alias("profile.external_id"),
    )
    accounts: Mapping[str, str] = {account: f"env:KEY_{account}" for account in KEYS}
    arguments |= {
        "accounts": {**accounts, "shop-39": "env:REVOKED_KEY"},
        "base_url": limited.url,
        "rates": ["1/0.5s"],
    }
    report = write(df, **arguments)
    revoked = report.accounts["shop-39"]
    assert (revoked.submitted, revoked.unsent) == (SIZES["shop-39"], SIZES["shop-39"])
    assert "401" in (revoked.stopped or "")
    assert report.throttled == 0
    assert sums(report) == report.accepted == sum(SIZES.values()) - SIZES["shop-39"]
    assert len(limited.emulator.events(limit=100_000)) == report.accepted
    assert {request.status for request in limited.emulator.requests(10_000)} == {202, 401}
