"""Record batches in, outcomes out; what was sent is not sent again."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pyarrow as pa
import pytest

from klaviyo_bulk_events import ConfigurationError, Intake, KlaviyoBulkEvents, StoppedError
from klaviyo_bulk_events.arrow import OUTCOMES, send_batches
from klaviyo_bulk_events.arrow.store import ChunkName, Store
from klaviyo_bulk_events.emulator import Running
from klaviyo_bulk_events.errors import JournalError
from tests.arrow.tables import batches, outcomes, rows

OpenStore = Callable[[], Store]


@pytest.fixture
def send(client: KlaviyoBulkEvents, open_store: OpenStore, run_name: str) -> Callable[..., Any]:
    """One attempt of the same run, with a ledger opened anew."""

    def send(given: Any, **more: Any) -> Iterator[Any]:
        arguments = {"client": client, "ledger": open_store(), "run": run_name, "account": "shop"}
        return send_batches(given, backfill=True, **{**arguments, **more})

    return send


def test_chunks_are_cut_across_batches(client: KlaviyoBulkEvents, emulated: Running) -> None:
    """2,500 rows in batches of 700 are three requests; each row has its outcome, in Arrow."""
    answers = list(send_batches(batches(rows(2_500)), client=client, backfill=True, account="shop"))
    told = outcomes(answers)
    assert {answer.schema for answer in answers} == {OUTCOMES}
    assert [row["position"] for row in told] == list(range(2_500))
    assert [row["chunk"] for row in told] == [n // 1_000 for n in range(2_500)]
    assert told[7] == {
        "position": 7,
        "account": "shop",
        "status": "accepted",
        "code": None,
        "pointer": None,
        "message": None,
        "time": "2025-05-05T12:00:00Z",
        "unique_id": "order-7",
        "chunk": 0,
    }
    assert len(emulated.emulator.requests()) == 3


def test_a_row_that_is_not_sent_says_why(client: KlaviyoBulkEvents) -> None:
    """Rejected rows and repeats have no chunk."""
    given = [*rows(2), *rows(1), {**rows(1)[0], "unique_id": "x", "time": "yesterday"}]
    told = outcomes(send_batches(batches(given), client=client, backfill=True))
    assert [row["status"] for row in told] == ["accepted", "accepted", "duplicate", "rejected"]
    assert [row["chunk"] for row in told] == [0, 0, None, None]
    assert (told[3]["code"], told[3]["pointer"]) == ("not_a_time", "/time")
    assert "ISO 8601" in told[3]["message"]


def test_another_attempt_sends_nothing_again(send: Callable[..., Any], emulated: Running) -> None:
    """It yields the same outcomes, those of refused events too, with other borders of batches."""
    emulated.emulator.refuse(lambda event: event.properties.get("number") == 1_300)
    first = outcomes(send(batches(rows(2_500))))
    sent = len(emulated.emulator.requests())
    assert outcomes(send(batches(rows(2_500), 999))) == first
    assert len(emulated.emulator.requests()) == sent
    assert [row["position"] for row in first if row["status"] == "rejected"] == [1_300]


def broken(given: list[dict[str, Any]], after: int) -> Iterator[Any]:
    yield from batches(given[:after])
    raise OSError("the task failed")


@pytest.mark.parametrize("after", [1, 999, 1_001, 2_400])
def test_an_attempt_goes_on_where_one_failed(
    send: Callable[..., Any], emulated: Running, after: int
) -> None:
    """What was cut short by the failure is not sent: nothing is lost and nothing doubled."""
    told: list[Any] = []
    with pytest.raises(OSError, match="the task failed"):
        told.extend(send(broken(rows(2_500), after)))
    unsent = [row for row in outcomes(told) if row["status"] == "unsent"]
    assert len(outcomes(told)) == after
    assert len(unsent) == after % 1_000 or after < 1_000
    assert {row["status"] for row in outcomes(send(batches(rows(2_500))))} == {"accepted"}
    assert len(emulated.emulator.events()) == 2_500
    assert accepted(emulated) == [500, 1_000, 1_000]


def test_an_attempt_that_nobody_wants_any_more(send: Callable[..., Any], emulated: Running) -> None:
    """Left after its first outcomes it settles what is under way; the next one sends the rest."""
    attempt = send(batches(rows(3_000)))
    next(attempt)
    attempt.close()
    assert {row["status"] for row in outcomes(send(batches(rows(3_000))))} == {"accepted"}
    assert accepted(emulated) == [1_000] * 3


class Dying:
    """A store that can't be written any more after so many entries, as in a process that dies."""

    def __init__(self, store: Store, entries: int) -> None:
        self._store = store
        self._left = entries

    def read(self, name: ChunkName) -> Sequence[bytes]:
        return self._store.read(name)

    def append(self, name: ChunkName, at: int, entry: bytes) -> bool:
        self._left -= 1
        if self._left < 0:
            raise JournalError("the ledger is gone")
        return self._store.append(name, at, entry)

    def close(self) -> None:
        self._store.close()


class Repeating(Dying):
    """A store whose client repeats what was written, as the first answer was lost."""

    def append(self, name: ChunkName, at: int, entry: bytes) -> bool:
        return super().append(name, at, entry) and super().append(name, at, entry)


def test_an_attempt_does_not_doubt_itself(
    send: Callable[..., Any], open_store: OpenStore, run_name: str
) -> None:
    """Its own entry, found where it wants to write, is no other's: nothing is in doubt."""
    store = Repeating(open_store(), 100)
    given = [{k: v for k, v in row.items() if k != "unique_id"} for row in rows(3)]
    for number, row in enumerate(given):
        row["time"] = f"2025-05-05T12:00:0{number}Z"
    told = outcomes(send(batches(given), ledger=store, intake=Intake(derive_unique_id=False)))
    assert {row["status"] for row in told} == {"accepted"}
    assert len(store.read(ChunkName(run_name, "shop", 0))) == 2


def test_what_was_under_way_is_in_doubt(
    send: Callable[..., Any], open_store: OpenStore, emulated: Running
) -> None:
    """The same bytes go again, and count once; a refusal as repeats is no loss."""
    with pytest.raises(JournalError, match="gone"):
        list(send(batches(rows(10)), ledger=Dying(open_store(), 1)))
    first, *_ = emulated.emulator.requests()
    told = outcomes(send(batches(rows(10))))
    again = emulated.emulator.requests()[1]
    assert {row["status"] for row in told} == {"duplicate"}
    assert (first.accepted, first.bytes) == (10, again.bytes)
    assert len(emulated.emulator.events()) == 10
    assert outcomes(send(batches(rows(10)))) == told


def test_without_a_safe_key_it_is_not_sent_twice(
    send: Callable[..., Any], open_store: OpenStore, emulated: Running
) -> None:
    """What may have been recorded and has no unique_id stays unknown."""
    given = rows(3, unique_id=None)
    intake = Intake(derive_unique_id=False)
    for number, row in enumerate(given):
        row["time"] = f"2025-05-05T12:00:0{number}Z"
    typed = [
        batch.cast(batch.schema.set(4, pa.field("unique_id", pa.string())))
        for batch in batches(given)
    ]
    with pytest.raises(JournalError):
        list(send(typed, ledger=Dying(open_store(), 1), intake=intake))
    assert {row["status"] for row in outcomes(send(typed, intake=intake))} == {"unknown"}
    assert len(emulated.emulator.requests()) == 1


def test_another_order_of_rows_is_an_error(send: Callable[..., Any], emulated: Running) -> None:
    """It says why, and sends nothing: a chunk that is cut anew would mix old and new events."""
    list(send(batches(rows(1_500))))
    with pytest.raises(JournalError, match="The order of the rows was not the same"):
        list(send(batches(rows(1_500)[::-1])))
    assert len(emulated.emulator.requests()) == 2


@pytest.mark.parametrize("other", [{"run": "another"}, {"account": "another"}])
def test_runs_and_accounts_are_apart(
    send: Callable[..., Any], emulated: Running, run_name: str, other: dict[str, str]
) -> None:
    """Each has chunks of its own."""
    list(
        send(
            batches(rows(10)),
            run=run_name + other.get("run", ""),
            account=other.get("account", "shop"),
        )
    )
    list(send(batches(rows(10)), run=run_name + "x"))
    assert len(emulated.emulator.requests()) == 2


def test_what_was_not_sent_goes_later(
    send: Callable[..., Any], emulated: Running, hurried: dict[str, Any]
) -> None:
    """A chunk given up in an outage is open, and sent by the next attempt."""
    emulated.emulator.set_faults({"throttled": 1.0})
    told = outcomes(send(batches(rows(10)), client=hurried))
    assert {row["status"] for row in told} == {"unsent"}
    emulated.emulator.set_faults({})
    assert {row["status"] for row in outcomes(send(batches(rows(10))))} == {"accepted"}


def test_a_part_that_is_settled_is_not_sent_again(
    send: Callable[..., Any], emulated: Running, hurried: dict[str, Any]
) -> None:
    """Of a chunk whose rest was given up, only the rest; all of it is told."""
    emulated.emulator.refuse(lambda event: event.properties.get("number") == 3)

    def then_out(notice: Any) -> None:
        emulated.emulator.set_faults({"throttled": 1.0})

    first = outcomes(send(batches(rows(10)), client={**hurried, "on_event": then_out}))
    assert [row["position"] for row in first if row["status"] == "rejected"] == [3]
    assert sum(row["status"] == "unsent" for row in first) == 9
    emulated.emulator.set_faults({})
    emulated.emulator.refuse(None)
    second = outcomes(send(batches(rows(10))))
    assert second[3] == first[3]
    assert sum(row["status"] == "accepted" for row in second) == 9
    assert len(emulated.emulator.events()) == 9


def test_two_attempts_at_once_tell_the_same(send: Callable[..., Any], emulated: Running) -> None:
    """A speculative twin sends the same bytes; what the first said that knew is what both tell."""
    twin: list[Any] = []

    def meanwhile() -> Iterator[Any]:
        yield from batches(rows(1_000), 1_000)
        yield from batches(rows(1_001)[1_000:])
        twin.extend(send(batches(rows(1_001))))

    told = outcomes(send(meanwhile()))
    assert told == outcomes(twin)
    assert len(emulated.emulator.events()) == 1_001


def test_a_refused_key_raises_after_all_outcomes(emulated: Running, run_name: str) -> None:
    """Those of rows that were read are yielded first."""
    emulated.emulator.set_faults({"json_401": 1.0})
    settings = {"api_key": "pk_revoked", "base_url": emulated.url, "rates": ["1000/s"]}
    told: list[Any] = []
    with pytest.raises(StoppedError):
        told.extend(send_batches(batches(rows(1_200)), client=settings, backfill=True))
    assert {row["status"] for row in outcomes(told)} == {"unsent"}


@pytest.mark.parametrize(("fault", "said"), [("throttled", "429"), ("html_503", "503")])
def test_rows_that_were_not_read_are_no_success(
    send: Callable[..., Any], emulated: Running, hurried: dict[str, Any], fault: str, said: str
) -> None:
    """What ends the run early is raised after the outcomes; another attempt sends the rest."""
    emulated.emulator.set_faults({fault: 1.0})
    told: list[Any] = []
    with pytest.raises(StoppedError, match=said) as stopped:
        told.extend(send(batches(rows(30_000)), client=hurried))
    read = len(outcomes(told))
    assert 0 < read < 30_000
    assert f"from row {read} on" in str(stopped.value)
    emulated.emulator.set_faults({})
    again = outcomes(send(batches(rows(30_000))))
    assert len(again) == 30_000
    assert {row["status"] for row in again[read:]} == {"accepted"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"ledger": "file:x"}, "go together"),
        ({"run": "x"}, "go together"),
        ({"ledger": "file:x", "run": ""}, "run is a name"),
        ({"ledger": "file:x", "run": "r", "intake": Intake(stamp_now=True)}, "stamp_now"),
        ({"backfill": "yes"}, "backfill"),
    ],
)
def test_what_is_wrong_is_said_at_once(
    client: KlaviyoBulkEvents, wrong: dict[str, Any], said: str
) -> None:
    """Before a batch is pulled."""
    with pytest.raises(ConfigurationError, match=said):
        send_batches(iter([]), **{"client": client, "backfill": True, **wrong})


def test_an_account_without_a_name(emulated: Running) -> None:
    """A token's account can't be told from the token."""
    settings = {"api_key": lambda: "token", "base_url": emulated.url}
    with pytest.raises(ConfigurationError, match="needs a name"):
        list(send_batches(batches(rows(1)), client=settings, backfill=True))


def test_batches_are_pulled_as_they_are_sent(client: KlaviyoBulkEvents) -> None:
    """Of an endless source no more is read than can be under way."""
    pulled = 0
    few = rows(100)

    def endless() -> Iterator[Any]:
        nonlocal pulled
        while True:
            pulled += 1
            yield from batches(
                [{**row, "unique_id": f"{pulled}-{row['unique_id']}"} for row in few]
            )

    answers = send_batches(endless(), client=client, backfill=True)
    next(answers)
    assert pulled < 200
    answers.close()  # type: ignore[attr-defined]


def accepted(emulated: Running) -> list[int]:
    return sorted(request.accepted for request in emulated.emulator.requests())
