"""The destination: each file of a load package is sent, and its job ends as its events did."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import dlt
from dlt.common.destination.exceptions import (
    DestinationTerminalException,
    DestinationTransientException,
)

from klaviyo_bulk_events.arrow.sending import send_batches
from klaviyo_bulk_events.client import KlaviyoBulkEvents
from klaviyo_bulk_events.dlt.load_file import LoadFile
from klaviyo_bulk_events.dlt.rejects import Rejects
from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.logs import LOGGER

Made = TypeVar("Made")
_CHUNKS: Final = "klaviyo-chunks.db"
_PLACES: Final = "klaviyo-limiter.db"


def _send(
    items: Any,
    table: Any,
    backfill: bool = dlt.config.value,
    api_key: dlt.TSecretStrValue = dlt.secrets.value,
    account: str | None = None,
    ledger: str | None = None,
    rejects: str | None = None,
    client: dict[str, Any] | None = None,
    intake: dict[str, Any] | None = None,
) -> None:
    with _said_to_dlt():
        file = LoadFile(Path(str(items)), table)
        taken = _made(Intake, "intake", intake)
        limiter = f"sqlite:///{file.pipeline / _PLACES}"
        given = {"limiter": limiter, **(client or {}), "api_key": api_key}
        given |= {} if account is None else {"account": account}
        with _made(KlaviyoBulkEvents, "client", given) as sender:
            left = Rejects()
            for outcomes in send_batches(
                file.batches(),
                client=sender,
                backfill=backfill,
                intake=taken,
                ledger=ledger or f"sqlite:///{file.package / _CHUNKS}",
                run=file.name,
                rules=file.rules(taken),
            ):
                left.take(outcomes)
        _end(left, file, taken, backfill, rejects)


def _end(left: Rejects, file: LoadFile, taken: Intake, backfill: bool, folder: str | None) -> None:
    said = f"{len(left):,} of {left.rows:,} rows of {file.name}: {left.summary()}"
    if still_open := left.still_open():
        raise DestinationTransientException(f"not all is sent yet, {still_open:,} open; {said}")
    if not len(left):
        return
    if folder is None:
        raise DestinationTerminalException(
            f"{said}. All other rows are settled. Set rejects to a folder "
            "(DESTINATION__KLAVIYO__REJECTS) and run the pipeline again: these rows are then "
            "written there, the load goes on, and nothing is sent twice"
        )
    LOGGER.warning("%s; written to %s", said, left.write(Path(folder), file, taken, backfill))


@contextmanager
def _said_to_dlt() -> Iterator[None]:
    """Terminal is what the same settings meet again; what may pass is not, nor a refused key."""
    try:
        yield
    except ConfigurationError as error:
        raise DestinationTerminalException(str(error)) from error


def _made(kind: Callable[..., Made], name: str, settings: Mapping[str, Any] | None) -> Made:
    try:
        return kind(**(settings or {}))
    except TypeError as error:
        raise ConfigurationError(f"[destination.klaviyo.{name}]: {error}") from None


klaviyo: Final = dlt.destination(
    _send,
    name="klaviyo",
    batch_size=0,  # one call for each file
    loader_file_format="parquet",
    loader_parallelism_strategy="sequential",  # files share one account's limits
)
"""Sends a pipeline's tables as events; its arguments are settings of `[destination.klaviyo]`.

Args:
    backfill: whether the events are history, which fires no flows; there is no default.
    api_key: a private key with the scope `events:write`.
    account: what ledger and shared limiter know the account by; a hash of the key if not given.
    ledger: where chunks are remembered (see `arrow.send_batches`); beside the package if not given.
    rejects: a folder for rows that could not be sent; without it they fail the job.
    client: further arguments of `KlaviyoBulkEvents`; `limiter` is shared by the pipeline's loads if
        not given.
    intake: arguments of `Intake`, such as `timezone`.
"""
