"""From record batches to outcomes."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing
from typing import Any, Final

from klaviyo_bulk_events.arrow.chunk_ledger import ChunkJournal
from klaviyo_bulk_events.arrow.outcome_batches import batch_of
from klaviyo_bulk_events.arrow.rows import Rows
from klaviyo_bulk_events.arrow.store import NoStore, Store, store_at
from klaviyo_bulk_events.client import KlaviyoBulkEvents
from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.outcomes import Outcome
from klaviyo_bulk_events.report import Report, StoppedError
from klaviyo_bulk_events.settings import check_backfill
from klaviyo_bulk_events.sources.rules import Rules

_OUTCOMES_AT_ONCE: Final = 1_000


def send_batches(
    batches: Iterable[Any],
    *,
    client: KlaviyoBulkEvents | Mapping[str, Any],
    backfill: bool | None,
    intake: Intake | None = None,
    ledger: Store | str | None = None,
    run: str | None = None,
    account: str | None = None,
    rules: Rules | None = None,
) -> Iterator[Any]:
    """Deliver the rows of `pyarrow.RecordBatch`es; yields their outcomes in batches (`OUTCOMES`).

    Chunks are cut across the borders of batches, in the order of the rows. What the ledger holds of
    a chunk is not sent again: with the same rows in the same order under the same `run` and
    `account`, another attempt yields what became of it. Batches are pulled as far as requests can
    be sent, and nothing happens before the first outcome is asked for.

    Args:
        client: a client, which is left open, or its arguments as a mapping, which can be pickled.
        backfill: as for `KlaviyoBulkEvents.send`.
        intake: without `stamp_now`, for a chunk has to have the same bytes in every attempt.
        ledger: `file:FOLDER`, `sqlite:///PATH`, `redis://HOST`, or a `Store`, which is left open.
        run: names this sequence of rows, such as a job and its partition; goes with the ledger.
        account: what the ledger and the outcomes call the account; else a hash of its key.
        rules: how columns become fields.

    Raises ConfigurationError before anything is sent; while outcomes are pulled StoppedError where
    a refused key, an outage or the like ended the run, JournalError where the ledger can't be used
    or has other bytes for a chunk, and whatever `batches` raises, once all that went out is settled
    and its outcomes are yielded.
    """
    intake = intake or Intake()
    check_backfill(backfill)
    check_run(intake, ledger, run)
    rules = rules or Rules(rest_as_properties=intake.rest_as_properties)
    return _outcomes(batches, client, backfill, intake, ledger, run or "", account, rules)


def check_run(intake: Intake, ledger: object, run: str | None) -> None:
    """Raises ConfigurationError for a ledger and a run that can not be gone through again."""
    if (ledger is None) != (run is None):
        raise ConfigurationError("a ledger and the name of a run go together")
    if run is not None and (not isinstance(run, str) or not run):
        raise ConfigurationError("run is a name, like 'orders-2026-11'")
    if intake.stamp_now and ledger is not None:
        raise ConfigurationError(
            "with stamp_now a row has another time in every attempt: give rows their times"
        )


def _outcomes(
    batches: Iterable[Any],
    client: KlaviyoBulkEvents | Mapping[str, Any],
    backfill: bool | None,
    intake: Intake,
    ledger: Store | str | None,
    run: str,
    account: str | None,
    rules: Rules,
) -> Iterator[Any]:
    rows = Rows(batches, rules, zoned=intake.timezone is not None)
    with ExitStack() as opened:
        if not isinstance(client, KlaviyoBulkEvents):
            client = opened.enter_context(KlaviyoBulkEvents(**_named(client, account)))
        store = ledger if ledger is not None else NoStore()
        if isinstance(store, str):
            store = opened.enter_context(closing(store_at(store)))
        journal = ChunkJournal(store, run, account, rows)
        stream = client.stream(rows, backfill=backfill, intake=intake, journal=journal)
        opened.callback(stream.close)
        yield from _batched(iter(stream), journal)
        _check_all_was_read(rows, stream.report())


def _check_all_was_read(rows: Rows, report: Report) -> None:
    """Raises StoppedError where an outage or the like ended the run: no engine would ask why."""
    if not rows.ended:
        raise StoppedError(
            f"{report.stopped or 'the run was stopped'}; from row {rows.read} on, counted from 0, "
            "nothing was read",
            report,
        )


def _named(settings: Mapping[str, Any], account: str | None) -> dict[str, Any]:
    return dict(settings) if account is None else {"account": account, **settings}


def _batched(outcomes: Iterator[Outcome], journal: ChunkJournal) -> Iterator[Any]:
    ledger, account = journal.ledger, journal.account
    if ledger is None or account is None:
        raise AssertionError("the run did not open its journal")
    told: list[Outcome] = []
    failure: Exception | None = None
    try:
        for outcome in outcomes:
            told.append(outcome)
            if len(told) >= _OUTCOMES_AT_ONCE:
                yield batch_of(told, account, ledger.take_chunk_of)
                told = []
    except Exception as error:  # what was settled until then is said first
        failure = error
    if told:
        yield batch_of(told, account, ledger.take_chunk_of)
    if failure is not None:
        raise failure
