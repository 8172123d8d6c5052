"""What `send --accounts` does."""

import time
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

import attrs
import click

from klaviyo_bulk_events.account_outcomes import NOBODY
from klaviyo_bulk_events.accounts import Accounts
from klaviyo_bulk_events.cli import question
from klaviyo_bulk_events.cli.account import rates_of, settings
from klaviyo_bulk_events.cli.accounts_file import read_accounts
from klaviyo_bulk_events.cli.display import Say, display, say, tell
from klaviyo_bulk_events.cli.exits import Exit, exit_of
from klaviyo_bulk_events.cli.inputs import Inputs, read_inputs
from klaviyo_bulk_events.cli.interrupts import Interrupts
from klaviyo_bulk_events.cli.monitor import Monitor
from klaviyo_bulk_events.cli.notices import told
from klaviyo_bulk_events.cli.outputs import check_outputs
from klaviyo_bulk_events.cli.rejects import Rejects
from klaviyo_bulk_events.cli.reporting import Reporting
from klaviyo_bulk_events.cli.sending import rejects_of
from klaviyo_bulk_events.cli.summary import Sentences, aligned, printable, summary
from klaviyo_bulk_events.outcomes import Outcome
from klaviyo_bulk_events.rates import Rate
from klaviyo_bulk_events.report import Report, summed
from klaviyo_bulk_events.run_report import of_run
from klaviyo_bulk_events.set_aside import as_record
from klaviyo_bulk_events.steps import Notice

_CONTRADICTING: Final = ("journal", "account", "api_key_file")
_SHOWN: Final = 20
"""Accounts that are listed one by one; the report has them all."""


def send_to_accounts(options: Mapping[str, Any]) -> int:
    """Deliver each record to its account; the exit code. Raises ConfigurationError."""
    _check(options)
    check_outputs(options)
    credentials = read_accounts(options["accounts"])
    inputs = read_inputs(options)
    records = inputs.records()
    if question.is_asked(options):
        yes, records = question.agreed(options, inputs.backfill, records)
        if not yes:
            say("Nothing was sent.")
            return Exit.INTERRUPTED
    sending = _Sending(options, inputs, len(credentials))
    with sending.accounts(credentials) as accounts, rejects_of(options, inputs) as rejects:
        reports = sending.carry_out(accounts, records, rejects)
    total = sending.total(reports)
    shown = tell("\n".join([*_accounts(reports), summary(total, sending.sentences)]))
    written = sending.write(total, reports)
    kept = rejects.complete()
    if sending.interrupts.exit_code is not None:
        return sending.interrupts.exit_code
    return exit_of(total) if shown and written and kept else Exit.WRONG


def _check(options: Mapping[str, Any]) -> None:
    if wrong := [name for name in _CONTRADICTING if options[name] is not None]:
        option = wrong[0].replace("_", "-")
        raise click.UsageError(f"--{option} is for one account, and --accounts names many")


class _Sending:
    """One stream: what is shown while it goes on, and what is kept of it."""

    def __init__(self, options: Mapping[str, Any], inputs: Inputs, accounts: int) -> None:
        self._options = options
        self._inputs = inputs
        rates = rates_of(options)
        together = [Rate(rate.limit * accounts, rate.seconds) for rate in rates]
        self._monitor = Monitor(together, inputs.share)
        self._reporting = Reporting(options, together)
        self._shown: Say = say
        self._seconds = 0.0
        self.sentences = Sentences()
        self.interrupts = Interrupts(say, options["grace"])

    def accounts(self, credentials: Mapping[str, Any]) -> Accounts:
        """The accounts, as the options have them."""
        return Accounts(credentials, on_event=self._note, **settings(self._options))

    def carry_out(
        self, accounts: Accounts, records: Iterator[Any], rejects: Rejects
    ) -> dict[str, Report]:
        """Deliver the records."""
        began = time.monotonic()
        with (
            # An attempt in flight ends by its own timeout: nothing has to be cut after a grace.
            self.interrupts.calling(accounts.stop, accounts.stop),
            display(self._monitor, quiet=self._options["quiet"]) as self._shown,
        ):
            reports = accounts.send_stream(
                self.interrupts.reading(records),
                account=self._options["account_column"],
                backfill=self._inputs.backfill,
                intake=self._inputs.intake,
                on_outcome=partial(self._hear, rejects),
            )
        self._seconds = time.monotonic() - began
        return reports

    def total(self, reports: Mapping[str, Report]) -> Report:
        """The sum, which says what ended the run."""
        total = summed(reports.values(), seconds=self._seconds)
        return attrs.evolve(total, stopped=self.interrupts.why or total.stopped)

    def write(self, total: Report, reports: Mapping[str, Report]) -> bool:
        """Write the run report; false if there is no room for it."""
        reporting = self._reporting
        document = of_run(
            total,
            reporting.reasons,
            timeline=reporting.timeline.state(),
            settings=reporting.settings(),
            accounts=reports,
        )
        return reporting.write(document)

    def _hear(self, rejects: Rejects, account: str, outcome: Outcome) -> None:
        self._monitor.settle(outcome)
        self.sentences.hear(outcome)
        self._reporting.hear(outcome)
        column = self._options["account_column"]
        if account != NOBODY and outcome.record is not None:
            # It was taken out; sent again, the record still has to go to its account.
            record = as_record(outcome.record)
            outcome = attrs.evolve(outcome, record={column: account, **record})
        rejects.take(outcome)

    def _note(self, account: str, notice: Notice) -> None:
        self._monitor.note(notice)
        self._reporting.note(notice)
        if self._options["verbose"]:
            self._shown(printable(f"{account}: {told(notice)}"))


def _accounts(reports: Mapping[str, Report]) -> list[str]:
    """A line for each account, those with trouble and then the largest first."""
    trouble = sorted(reports.items(), key=_trouble)
    rows = [("account", "submitted", "accepted", "requests", "")]
    rows += [
        (
            printable(account) or "(no known account)",
            f"{report.submitted:,}",
            f"{report.accepted:,}",
            f"{report.requests:,}",
            printable(report.stopped or ""),
        )
        for account, report in trouble[:_SHOWN]
    ]
    more = len(reports) - _SHOWN
    rest = [f"  and {more:,} more: --report has them all"] if more > 0 else []
    return [*aligned(rows, "<>>><"), *rest, ""]


def _trouble(item: tuple[str, Report]) -> tuple[bool, int]:
    report = item[1]
    return report.stopped is None, -report.submitted
