"""The report of a run, read back from its ledger."""

from collections.abc import Mapping
from typing import Any

import attrs
from attrs import frozen

from klaviyo_bulk_events.account_outcomes import NOBODY
from klaviyo_bulk_events.arrow.attempts import has_any, read_back
from klaviyo_bulk_events.arrow.store import Store, store_at
from klaviyo_bulk_events.errors import JournalError, KlaviyoBulkEventsError
from klaviyo_bulk_events.report import Report, summed
from klaviyo_bulk_events.spark.planning import Plan
from klaviyo_bulk_events.spark.secrets import located
from klaviyo_bulk_events.spark.settings import Settings


@frozen(kw_only=True)
class SparkReport(Report):
    """The sum over all accounts, and each account's own report.

    It is what the ledger says of the whole run, over all attempts at it. Rows without an account,
    or of one without a credential, stand under the empty name. Of attempts that died, the requests
    are not counted.
    """

    accounts: Mapping[str, Report]


class JobError(KlaviyoBulkEventsError):
    """Spark's job failed; `report` is what the ledger says of it.

    The same call with the same `run` goes on from there.
    """

    def __init__(self, message: str, report: SparkReport) -> None:
        super().__init__(message)
        self.report = report

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.report)


def report_of(
    plan: Plan, settings: Settings, seconds: float, *, ended: bool = False
) -> SparkReport:
    """What the ledger says; of a job that `ended`, it says something of every account.

    Raises JournalError.
    """
    store = store_at(located(settings.ledger))
    try:
        if ended:
            _check_shared(store, plan, settings.run)
        accounts = {
            account: read_back(store, settings.run, account, rows, seconds)
            for account, rows in plan.rows.items()
        }
    finally:
        store.close()
    if lost := _of_nobody(plan):
        accounts[NOBODY] = lost
    total = summed(accounts.values(), seconds=seconds)
    return SparkReport(**attrs.asdict(total, recurse=False), accounts=accounts)


def _check_shared(store: Store, plan: Plan, run: str) -> None:
    lost = [account for account in plan.rows if not has_any(store, run, account)]
    if lost:
        raise JournalError(
            f"the job is done, but the ledger has nothing of {lost[0]!r} here: workers wrote to "
            "another one. It has to be one that the driver and all workers share"
        )


def _of_nobody(plan: Plan) -> Report | None:
    codes = {"missing_account": plan.missing, "unknown_account": sum(plan.unknown.values())}
    rejections = {code: count for code, count in codes.items() if count}
    count = sum(rejections.values())
    if not count:
        return None
    nothing = summed((), seconds=0.0)
    return attrs.evolve(nothing, submitted=count, rejected=count, rejections=rejections)
