"""From record batches of many accounts to outcomes."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from typing import Any, Final

import attrs

from klaviyo_bulk_events.account_of import AccountOf
from klaviyo_bulk_events.accounts import AsyncAccounts, Credentials
from klaviyo_bulk_events.arrow.account_lanes import AccountLanes
from klaviyo_bulk_events.arrow.rows import Rows
from klaviyo_bulk_events.arrow.sending import check_run
from klaviyo_bulk_events.arrow.store import Store, store_at
from klaviyo_bulk_events.async_client import sender_of
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.settings import check_backfill
from klaviyo_bulk_events.sources.rules import Rules
from klaviyo_bulk_events.waiting import Waiting

_IN_MEMORY: Final = 100_000
_ON_DISK: Final = 10_000_000_000


def send_account_batches(
    batches: Iterable[Any],
    *,
    accounts: Credentials,
    account: AccountOf = "account",
    backfill: bool | None,
    ledger: Store | str,
    run: str,
    intake: Intake | None = None,
    rules: Rules | None = None,
    settings: Mapping[str, Any] | None = None,
    sizes: Mapping[str, int] | None = None,
) -> Iterator[Any]:
    """`send_batches` for rows of many accounts, side by side, each at its own limits.

    All rows of an account have to be in one sequence, in the same order in every attempt; the
    ledger knows its chunks by `run` and the account. What ends one account's run (a refused key, an
    outage) leaves the others alone: its other rows are unsent. `position` counts the account's
    rows. Requests are under way only while somebody waits for the next outcomes: whoever keeps them
    waiting for a minute may have their answers counted as lost, and their rest sent too late for
    its place under the rate limit.

    Args:
        accounts: each one's private key, or what yields its access tokens, by name.
        account: the column that has it, or a function of the record.
        settings: those of `AsyncAccounts`.
        sizes: how many rows each account has here, if that is known: then no more is read than
            needed.
    """
    intake = intake or Intake()
    check_backfill(backfill)
    check_run(intake, ledger, run)
    rules = rules or Rules(rest_as_properties=intake.rest_as_properties)
    if isinstance(account, str):
        beside: Any = (*rules.beside, account)  # mypy takes the converter's own type for it
        rules = attrs.evolve(rules, beside=beside)
    sending = _sending(
        batches, accounts, account, backfill, ledger, run, intake, rules, settings or {}, sizes
    )
    return _driven(sending)


async def _sending(
    batches: Iterable[Any],
    credentials: Credentials,
    account: AccountOf,
    backfill: bool | None,
    ledger: Store | str,
    run: str,
    intake: Intake,
    rules: Rules,
    settings: Mapping[str, Any],
    sizes: Mapping[str, int] | None,
) -> AsyncGenerator[Any]:
    rows = Rows(batches, rules, zoned=intake.timezone is not None)
    store = store_at(ledger) if isinstance(ledger, str) else ledger
    try:
        async with AsyncAccounts(credentials, **settings) as accounts:
            lanes = AccountLanes(
                lambda name: sender_of(accounts.client(name)),
                credentials.__contains__,
                store,
                run,
                account=account,
                backfill=backfill,
                intake=intake,
                waiting=Waiting(_IN_MEMORY, _ON_DISK),
                sizes=sizes,
            )
            outcomes = lanes.outcomes(rows)
            try:
                async for batch in outcomes:
                    yield batch
            finally:
                await outcomes.aclose()
    finally:
        if isinstance(ledger, str):
            store.close()


def _driven(outcomes: AsyncGenerator[Any]) -> Iterator[Any]:
    """What an event loop of its own yields, which runs while somebody waits for it."""

    async def following() -> Any:
        return await anext(outcomes, None)

    async def left() -> None:
        await outcomes.aclose()

    with asyncio.Runner() as runner:
        try:
            while (batch := runner.run(following())) is not None:
                yield batch
        finally:
            runner.run(left())
