"""What `check` does."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from klaviyo_bulk_events.account_of import with_account
from klaviyo_bulk_events.cli.account import rates_of
from klaviyo_bulk_events.cli.display import tell
from klaviyo_bulk_events.cli.exits import Exit, exit_of
from klaviyo_bulk_events.cli.inputs import Inputs, read_inputs
from klaviyo_bulk_events.cli.monitor import duration
from klaviyo_bulk_events.cli.outputs import check_outputs
from klaviyo_bulk_events.cli.reporting import Reporting
from klaviyo_bulk_events.cli.sending import rejects_of
from klaviyo_bulk_events.cli.summary import Sentences, aligned, counted, printable, reasons
from klaviyo_bulk_events.cli.survey import Span, Survey
from klaviyo_bulk_events.outcomes import Outcome
from klaviyo_bulk_events.pace import seconds_for
from klaviyo_bulk_events.planner import Record
from klaviyo_bulk_events.rates import Rate
from klaviyo_bulk_events.report import Report
from klaviyo_bulk_events.run_report.data import of_plan


def check_all(options: Mapping[str, Any]) -> int:
    """Say what would become of what the options name; the exit code."""
    rates = rates_of(options)
    check_outputs(options)
    inputs = read_inputs(options)
    reporting = Reporting(options, rates)
    sentences = Sentences()
    with rejects_of(options, inputs) as rejects:

        def hear(outcome: Outcome) -> None:
            rejects.take(outcome)
            sentences.hear(outcome)
            reporting.hear(outcome)

        survey = Survey(inputs.planner(), hear)
        report = survey.take_all(_records(inputs, options["account_column"]))
    told = tell("\n".join(_findings(report, survey, sentences, rates)))
    written = reporting.write(_plan(report, survey, reporting, rates))
    kept = rejects.complete()
    return exit_of(report) if told and written and kept else Exit.WRONG


def _records(inputs: Inputs, column: str | None) -> Iterable[Record]:
    """The records, without a column that says whose they are and is no field of an event."""
    if column is None:
        return inputs.records()
    return (with_account(record, column)[1] for record in inputs.records())


def _plan(
    report: Report, survey: Survey, reporting: Reporting, rates: Sequence[Rate]
) -> dict[str, Any]:
    metrics = [
        {
            "metric": name,
            "events": span.events,
            "first": span.first.isoformat(" ", "seconds"),
            "last": span.last.isoformat(" ", "seconds"),
        }
        for name, span in _most_first(survey.metrics)
    ]
    return of_plan(
        report,
        reporting.reasons,
        fill={str(fill): count for fill, count in sorted(survey.fills.items())},
        metrics=metrics,
        rates=rates,
        seconds=seconds_for(report.requests, rates),
        settings=reporting.settings(),
    )


def _findings(
    report: Report, survey: Survey, sentences: Sentences, rates: Sequence[Rate]
) -> list[str]:
    return [
        *_counts(report),
        *reasons("Rejected because of", report.rejections, sentences),
        *reasons("Warnings", report.warnings, sentences),
        *_metrics(survey.metrics),
        *_example(survey.example),
        "",
        _work(report, rates),
    ]


def _counts(report: Report) -> list[str]:
    rows = [
        ("read", f"{report.submitted:,}", ""),
        ("good", f"{report.accepted:,}", "would be sent"),
        ("duplicate", f"{report.duplicate:,}", "repeat an earlier record and would not be sent"),
        ("rejected", f"{report.rejected:,}", "break a rule and would not be sent"),
    ]
    return ["Nothing was sent.", "", *aligned(rows, "<><")]


def _metrics(metrics: Mapping[str, Span]) -> list[str]:
    rows = [
        (
            printable(name),
            f"{span.events:,}",
            f"{span.first.isoformat(' ', 'seconds')} to {span.last.isoformat(' ', 'seconds')}",
        )
        for name, span in _most_first(metrics)
    ]
    return ["", "Metrics:", *aligned(rows, "<><")] if rows else []


def _most_first(metrics: Mapping[str, Span]) -> list[tuple[str, Span]]:
    return sorted(metrics.items(), key=lambda item: -item[1].events)


def _example(body: bytes | None) -> list[str]:
    """JSON with nothing but ASCII, which can't steer a terminal."""
    if body is None:
        return []
    return ["", "The first event, as it would go out:", json.dumps(json.loads(body), indent=2)]


def _work(report: Report, rates: Sequence[Rate]) -> str:
    limits = " and ".join(map(str, rates))
    least = duration(seconds_for(report.requests, rates))
    requests = counted(report.requests, "request")
    return f"{requests}, {report.bytes:,} bytes, {least} or more at {limits}"
