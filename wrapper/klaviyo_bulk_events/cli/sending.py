"""What `send` does."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from klaviyo_bulk_events.cli import account, question
from klaviyo_bulk_events.cli.account import rates_of
from klaviyo_bulk_events.cli.display import Say, display, say, tell
from klaviyo_bulk_events.cli.exits import Exit, exit_of
from klaviyo_bulk_events.cli.inputs import Inputs, read_inputs
from klaviyo_bulk_events.cli.interrupts import Interrupts
from klaviyo_bulk_events.cli.monitor import Monitor
from klaviyo_bulk_events.cli.notices import told
from klaviyo_bulk_events.cli.outputs import check_outputs
from klaviyo_bulk_events.cli.rejects import Rejects
from klaviyo_bulk_events.cli.reporting import Reporting
from klaviyo_bulk_events.cli.summary import Sentences, printable, summary
from klaviyo_bulk_events.client import KlaviyoBulkEvents
from klaviyo_bulk_events.errors import JournalError
from klaviyo_bulk_events.ledger import Journal
from klaviyo_bulk_events.planner import Sourced
from klaviyo_bulk_events.report import Report, StoppedError
from klaviyo_bulk_events.run import Run
from klaviyo_bulk_events.run_report import of_run
from klaviyo_bulk_events.steps import Notice
from klaviyo_bulk_events.times import zone

if TYPE_CHECKING:
    from klaviyo_bulk_events.cli.journaling import Keeping


def send_all(options: Mapping[str, Any]) -> int:
    """Deliver what the options name; the exit code. Raises ConfigurationError."""
    watch = _Watch()
    check_outputs(options)
    with account.client(options, watch) as client:
        keeping = _keeping(options)
        inputs = read_inputs(options, keeping.replayed() if keeping else None)
        if keeping:
            inputs = keeping.with_snapshot(inputs)
        records: Iterator[Sourced] = inputs.records()
        if question.is_asked(options):
            yes, records = question.agreed(options, inputs.backfill, records)
            if not yes:
                if keeping:
                    keeping.give_up()
                say("Nothing was sent.")
                return Exit.INTERRUPTED
        sending = _Sending(options, inputs, watch)
        run = sending.begin(client, records, keeping.journal if keeping else None)
        # What may still refuse the command has been asked: an earlier file of rejects can go.
        with rejects_of(options, inputs) as rejects:
            before = keeping.lines_before() if keeping else ()
            rejects.begin(before)
            sending.reporting.read(before)
            report, sentences = sending.carry_out(run, rejects)
    told = tell(summary(report, sentences))
    timeline = keeping.timeline() if keeping else None
    written = sending.reporting.write(sending.document(report, timeline))
    kept = rejects.complete()
    if sending.interrupts.exit_code is not None:
        return sending.interrupts.exit_code
    if sending.refused or not (told and written and kept):
        return Exit.WRONG
    return exit_of(report)


def _keeping(options: Mapping[str, Any]) -> "Keeping | None":
    if options["journal"] is None:
        return None
    # SQLite is not for those who keep no journal.
    from klaviyo_bulk_events.cli.journaling import Keeping

    return Keeping(options)


def rejects_of(options: Mapping[str, Any], inputs: Inputs) -> Rejects:
    """Where what isn't accepted is written."""
    name = inputs.intake.timezone
    local = zone(name) if name is not None else None
    return Rejects(options["rejects"], backfill=inputs.backfill, local=local)


class _Watch:
    """Passes on notices once somebody listens."""

    def __init__(self) -> None:
        self.listeners: list[Callable[[Notice], None]] = []

    def __call__(self, notice: Notice) -> None:
        for listener in self.listeners:
            listener(notice)


class _Sending:
    """One run: what is shown while it goes on, and what is kept of it."""

    def __init__(self, options: Mapping[str, Any], inputs: Inputs, watch: _Watch) -> None:
        self._options = options
        self._inputs = inputs
        self._watch = watch
        rates = rates_of(options)
        self._monitor = Monitor(rates, inputs.share)
        self._sentences = Sentences()
        self.reporting = Reporting(options, rates)
        self.interrupts = Interrupts(say, options["grace"])
        self.refused = False

    def begin(
        self,
        client: KlaviyoBulkEvents,
        records: Iterable[Sourced],
        journal: Journal | None,
    ) -> Run:
        """The delivery, whose journal nobody else has from then on. Raises JournalError."""
        return client.stream(
            self.interrupts.reading(records),
            backfill=self._inputs.backfill,
            intake=self._inputs.intake,
            journal=journal,
        )

    def carry_out(self, run: Run, rejects: Rejects) -> tuple[Report, Sentences]:
        """Deliver the records."""
        failed: str | None = None
        with (
            self.interrupts.calling(run.stop, run.abandon),
            display(self._monitor, quiet=self._options["quiet"]) as shown,
        ):
            self._listen(shown)
            try:
                for outcome in run:
                    rejects.take(outcome)
                    self._monitor.settle(outcome)
                    self._sentences.hear(outcome)
                    self.reporting.hear(outcome)
            except StoppedError:
                self.refused = True
            except JournalError as error:
                self.refused, failed = True, str(error)
        report = run.report()
        if failed is not None:
            report = attrs.evolve(report, stopped=failed)
        report = attrs.evolve(report, stopped=report.stopped or self.interrupts.why)
        return report, self._sentences

    def document(self, report: Report, timeline: Mapping[str, Any] | None) -> dict[str, Any]:
        """The run report, with the `timeline` of all sessions if there is one."""
        reporting = self.reporting
        return of_run(
            report,
            reporting.reasons,
            timeline=timeline or reporting.timeline.state(),
            settings=reporting.settings(),
        )

    def _listen(self, shown: Say) -> None:
        self._watch.listeners += [self._monitor.note, self.reporting.note]
        if self._options["verbose"]:
            self._watch.listeners.append(lambda notice: shown(printable(told(notice))))
