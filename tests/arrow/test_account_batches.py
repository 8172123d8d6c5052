"""Rows of many accounts in one task, and what the ledger says of each account."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from klaviyo_bulk_events import ConfigurationError, Intake
from klaviyo_bulk_events.arrow import Store, account_lanes, send_account_batches
from klaviyo_bulk_events.arrow.attempts import read_back
from klaviyo_bulk_events.arrow.file_store import FileStore
from klaviyo_bulk_events.arrow.store import ChunkName
from klaviyo_bulk_events.emulator import Running
from klaviyo_bulk_events.errors import JournalError
from tests.arrow.tables import batches

SIZES = {"large": 3_400, "small": 40, "other": 1_700}
NOT_A_KEY = "not a key"


def rows(sizes: dict[str, int], **fields: Any) -> list[dict[str, Any]]:
    """Rows in the order of rounds: those of one request of each account follow one another."""
    every = [
        (number // 1_000, account, number)
        for account, size in sizes.items()
        for number in range(size)
    ]
    return [
        {
            "shop": account,
            "metric": "Ordered Product",
            "profile.external_id": str(number % 7),
            "time": "2025-05-05T12:00:00Z",
            "unique_id": f"{account}-{number}",
            **fields,
        }
        for _, account, number in sorted(every)
    ]


def keys(*accounts: str) -> dict[str, str]:
    return {account: f"pk_{account}_0123456789" for account in accounts}


Send = Callable[..., Iterator[Any]]


@pytest.fixture
def send(emulated: Running, tmp_path: Path) -> Send:
    def send(given: Iterable[Any], **more: Any) -> Iterator[Any]:
        arguments: dict[str, Any] = {
            "accounts": keys(*SIZES),
            "account": "shop",
            "backfill": True,
            "ledger": FileStore(tmp_path / "ledger"),
            "run": "r",
            "settings": {"base_url": emulated.url, "rates": ["1000/s"], "deadline": 0.9},
        }
        return send_account_batches(given, **{**arguments, **more})

    return send


def counts(answers: Iterable[Any]) -> Counter[tuple[str, str]]:
    told = [row for batch in answers for row in batch.to_pylist()]
    for account in {row["account"] for row in told}:
        positions = sorted(row["position"] for row in told if row["account"] == account)
        assert positions == list(range(len(positions)))
    return Counter((row["account"], row["status"]) for row in told)


def store(tmp_path: Path) -> Store:
    return FileStore(tmp_path / "ledger")


@pytest.mark.parametrize("sizes", [SIZES, None])
def test_each_row_goes_to_its_account(
    send: Send, emulated: Running, sizes: dict[str, int] | None
) -> None:
    """In full requests, side by side; another attempt sends nothing and tells the same."""
    first = counts(send(batches(rows(SIZES)), sizes=sizes))
    assert first == {(account, "accepted"): size for account, size in SIZES.items()}
    assert sorted(r.accepted for r in emulated.emulator.requests()) == [40, 400, 700, *[1_000] * 4]
    assert counts(send(batches(rows(SIZES), 333), sizes=sizes)) == first
    assert len(emulated.emulator.requests()) == 7


def test_a_refused_key_parks_its_account(send: Send, tmp_path: Path) -> None:
    """Its rows are unsent, the others' arrive; with a good key the same run does the rest."""
    accounts = {**keys(*SIZES), "large": NOT_A_KEY}
    told = counts(send(batches(rows(SIZES)), accounts=accounts, sizes=SIZES))
    assert told == {
        ("large", "unsent"): 3_400,
        ("small", "accepted"): 40,
        ("other", "accepted"): 1_700,
    }
    report = read_back(store(tmp_path), "r", "large", 3_400)
    assert (report.submitted, report.unsent) == (3_400, 3_400)
    assert "API key" in (report.stopped or "")
    assert counts(send(batches(rows(SIZES)), sizes=SIZES))["large", "accepted"] == 3_400
    report = read_back(store(tmp_path), "r", "large", 3_400)
    assert (report.accepted, report.stopped) == (3_400, None)


def test_rows_of_nobody(send: Send) -> None:
    """They are rejected under the empty name."""
    given = [*rows({"small": 3}), *rows({"nobody": 2}), {**rows({"small": 1})[0], "shop": None}]
    told = [row for batch in send(batches(given)) for row in batch.to_pylist()]
    refused = [row for row in told if row["account"] == ""]
    assert [row["code"] for row in refused] == [
        "unknown_account",
        "unknown_account",
        "missing_account",
    ]
    assert {row["pointer"] for row in refused} == {"/shop"}


def broken(given: list[dict[str, Any]], after: int) -> Iterator[Any]:
    yield from batches(given[:after])
    raise OSError("the task failed")


@pytest.mark.parametrize("after", [1, 1_041, 3_900, 5_139])
def test_an_attempt_goes_on_where_one_failed(
    send: Send, emulated: Running, tmp_path: Path, after: int
) -> None:
    """Chunks that the failure cut short were not sent; the report counts all rows, all along."""
    given = rows(SIZES)
    with pytest.raises(OSError, match="the task failed"):
        counts(send(broken(given, after), sizes=SIZES))
    reports = [read_back(store(tmp_path), "r", name, size) for name, size in SIZES.items()]
    assert sum(report.accepted for report in reports) == len(emulated.emulator.events())
    assert sum(report.submitted for report in reports) == len(given)
    assert {status for _, status in counts(send(batches(given), sizes=SIZES))} == {"accepted"}
    assert sorted(r.accepted for r in emulated.emulator.requests()) == [40, 400, 700, *[1_000] * 4]


def test_an_attempt_that_nobody_wants_any_more(send: Send, emulated: Running) -> None:
    """Left after its first outcomes it settles what is under way; the next one sends the rest."""
    attempt = send(batches(rows(SIZES)), sizes=SIZES)
    next(attempt)
    attempt.close()  # type: ignore[attr-defined]
    assert {status for _, status in counts(send(batches(rows(SIZES)), sizes=SIZES))} == {"accepted"}
    assert len(emulated.emulator.requests()) == 7


class Failing(FileStore):
    """Takes so many entries, and no more."""

    left = 4

    def append(self, name: ChunkName, at: int, entry: bytes) -> bool:
        self.left -= 1
        if self.left < 0:
            raise JournalError("the ledger is gone")
        return super().append(name, at, entry)


def test_a_ledger_that_is_gone_ends_the_attempt(
    send: Send, emulated: Running, tmp_path: Path
) -> None:
    """After all that went out is settled; what it was not told is in doubt, and counts once."""
    given = rows(SIZES)
    with pytest.raises(JournalError, match="gone"):
        counts(send(batches(given), ledger=Failing(tmp_path / "ledger"), sizes=SIZES))
    told = counts(send(batches(given), sizes=SIZES))
    assert {status for _, status in told} <= {"accepted", "duplicate"}
    assert len(emulated.emulator.events()) == len(given)


def test_another_order_of_an_account_is_an_error(send: Send) -> None:
    """It ends the attempt, and says why."""
    counts(send(batches(rows(SIZES))))
    with pytest.raises(JournalError, match="The order of the rows was not the same"):
        counts(send(batches(rows(SIZES)[::-1])))


@pytest.mark.parametrize(("counted", "said"), [(1_699, "more"), (1_701, "fewer"), (0, "more")])
def test_a_source_that_gives_other_rows(
    send: Send, emulated: Running, counted: int, said: str
) -> None:
    """Its rows can't be told from those that are lost: the attempt fails, and nothing is silent."""
    given = rows({"other": 1_700})
    with pytest.raises(JournalError, match=f"'other' has {said} rows than the"):
        counts(send(batches(given), sizes={"other": counted}))
    assert len(emulated.emulator.requests()) <= 1
    assert {status for _, status in counts(send(batches(given), sizes={"other": 1_700}))} == {
        "accepted"
    }
    assert len(emulated.emulator.events()) == 1_700


def test_the_report_counts_what_was_never_sent(
    send: Send, emulated: Running, tmp_path: Path
) -> None:
    """Rejected rows, repeats and warnings; by code; the costs of all attempts."""
    given = [*rows({"small": 5}), *rows({"small": 3}), *rows({"small": 1}, time="yesterday")]
    given[-1]["unique_id"] = "another"
    for _ in range(2):
        counts(send(batches(given)))
    report = read_back(store(tmp_path), "r", "small", 9, seconds=1.5)
    assert (report.accepted, report.duplicate, report.rejected) == (5, 3, 1)
    assert report.rejections == {"not_a_time": 1}
    assert (report.requests, report.seconds) == (1, 1.5)


def test_an_outage_leaves_the_rest_for_later(send: Send, emulated: Running, tmp_path: Path) -> None:
    """What was given up is unsent, and not the attempt's failure."""
    emulated.emulator.set_faults({"throttled": 1.0})
    told = counts(send(batches(rows({"small": 10}))))
    assert told == {("small", "unsent"): 10}
    report = read_back(store(tmp_path), "r", "small", 10)
    assert (report.unsent, report.submitted) == (10, 10)
    emulated.emulator.set_faults({})
    assert counts(send(batches(rows({"small": 10})))) == {("small", "accepted"): 10}


def test_an_account_of_which_nothing_is_known(tmp_path: Path) -> None:
    """All its rows are unsent."""
    report = read_back(store(tmp_path), "r", "small", 10)
    assert (report.submitted, report.unsent, report.stopped) == (10, 10, None)


def test_a_ledger_that_holds_something_else(tmp_path: Path) -> None:
    """It is damaged, which is said."""
    store(tmp_path).append(ChunkName("r", "small", -1), 0, b"{}")
    with pytest.raises(JournalError, match="damaged"):
        read_back(store(tmp_path), "r", "small", 1)


@pytest.mark.parametrize(
    "wrong", [{"backfill": "yes"}, {"run": ""}, {"intake": Intake(stamp_now=True)}]
)
def test_what_is_wrong_is_said_at_once(send: Send, wrong: dict[str, Any]) -> None:
    """Before a batch is pulled."""
    with pytest.raises(ConfigurationError):
        send(iter([]), **wrong)


def test_rows_are_read_as_they_are_sent(send: Send) -> None:
    """Of an endless source no more is read than two blocks for each account, and what is ready."""
    pulled = 0
    few = rows({"large": 100, "small": 100})

    def endless() -> Iterator[Any]:
        nonlocal pulled
        while True:
            pulled += 1
            yield from batches(
                [{**row, "unique_id": f"{pulled}-{row['unique_id']}"} for row in few]
            )

    answers = send(endless())
    next(answers)
    assert pulled < 300
    answers.close()  # type: ignore[attr-defined]


def test_no_more_accounts_are_served_at_a_time_than_lanes(
    send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many small ones there are, each of them with all of its rows there."""
    monkeypatch.setattr(account_lanes, "LANES", 3)
    under_way = most = 0

    async def answer(request: httpx.Request) -> httpx.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.02)
        under_way -= 1
        return httpx.Response(202)

    sizes = {f"small-{number}": 2 for number in range(40)}
    settings = {"rates": ["1000/s"], "transport": httpx.MockTransport(answer)}
    given = {"accounts": keys(*sizes), "sizes": sizes, "settings": settings}
    told = counts(send(batches(rows(sizes)), **given))
    assert sum(told.values()) == 80
    assert {status for _, status in told} == {"accepted"}
    assert most <= 3
