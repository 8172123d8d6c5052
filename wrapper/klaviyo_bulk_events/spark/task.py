"""What a task does: it runs on a worker, and sends the rows of a partition."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from klaviyo_bulk_events.arrow.account_batches import send_account_batches
from klaviyo_bulk_events.errors import JournalError
from klaviyo_bulk_events.spark.order import ACCOUNT, ROW
from klaviyo_bulk_events.spark.partition import whole
from klaviyo_bulk_events.spark.secrets import located
from klaviyo_bulk_events.spark.settings import Credentials, Settings


def send_rows(
    batches: Iterable[Any],
    settings: Settings,
    *,
    account: Any,
    run: str,
    sizes: Mapping[str, int] | None = None,
) -> Iterator[Any]:
    """Send the rows; their outcomes. `account` is a column, or finds a record's."""
    return send_account_batches(
        batches,
        accounts=Credentials(settings.accounts),
        account=account,
        backfill=settings.backfill,
        ledger=located(settings.ledger),
        run=run,
        intake=settings.intake,
        rules=settings.rules,
        settings=settings.client_settings(),
        sizes=sizes,
    )


def send_ordered(
    batches: Iterable[Any], settings: Settings, sizes: Mapping[str, int]
) -> Iterator[Any]:
    """Send a partition of what `order.ordered` made."""
    rows = checked(whole(batches))
    rules, own = settings.rules, settings.account_column
    # That column is gone by now, and its values are in this one.
    parts = tuple(ACCOUNT if name == own else name for name in rules.unique_id_from)
    settings = attrs.evolve(settings, rules=attrs.evolve(rules, unique_id_from=parts))
    return send_rows(rows, settings, account=ACCOUNT, run=settings.run, sizes=sizes)


def checked(batches: Iterable[Any]) -> Iterator[Any]:
    """The batches without `ROW`. Raises JournalError unless it counts on for every account.

    Whatever a cluster's own rules make of the plan, no account is sent in parts or in another order
    than it was counted in.
    """
    reached: dict[str, int] = {}
    for batch in batches:
        accounts = batch.column(batch.schema.names.index(ACCOUNT)).to_pylist()
        numbers = batch.column(batch.schema.names.index(ROW)).to_pylist()
        for account, number in zip(accounts, numbers, strict=True):
            if number != reached.get(account, 0):
                raise JournalError(
                    f"the rows of {account!r} did not come in their order: {number} where "
                    f"{reached.get(account, 0)} should be. Something re-cut the partitions"
                )
            reached[account] = number + 1
        yield batch.drop_columns([ROW])
