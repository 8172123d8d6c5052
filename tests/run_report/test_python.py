"""The run report of those who send from Python."""

from pathlib import Path

from klaviyo_bulk_events import KlaviyoBulkEvents
from klaviyo_bulk_events.emulator import Running
from klaviyo_bulk_events.run_report import Reasons, of_run, write
from klaviyo_bulk_events.timeline import Timeline

from .conftest import KEY, Record, Text


def test_what_a_caller_keeps(emulated: Running, record: Record, tmp_path: Path) -> None:
    """A timeline that watches, and reasons that hear outcomes, are all it takes."""
    timeline, reasons = Timeline(), Reasons()
    with KlaviyoBulkEvents(
        KEY, base_url=emulated.url, on_event=timeline, allow_plain_http=True
    ) as klaviyo:
        run = klaviyo.stream([record(1), record(2, metric="")], backfill=True)
        for outcome in run:
            reasons.hear(outcome)
    document = of_run(run.report(), reasons, timeline=timeline.state())
    for name in ("run.html", "run.json"):
        write(tmp_path / name, document)
    text = Text((tmp_path / "run.html").read_text()).text
    assert "1 of 2 events accepted: 1 rejected" in text
    assert "never more than 1; the limit is 10 requests a second" in text
