"""What `demo` does."""

from typing import Any, Final

from klaviyo_bulk_events.cli import shop
from klaviyo_bulk_events.cli.display import display, tell
from klaviyo_bulk_events.cli.emulating import emulator
from klaviyo_bulk_events.cli.exits import Exit
from klaviyo_bulk_events.cli.monitor import Monitor
from klaviyo_bulk_events.cli.summary import Sentences, summary
from klaviyo_bulk_events.client import KlaviyoBulkEvents
from klaviyo_bulk_events.rates import Rate
from klaviyo_bulk_events.report import Report
from klaviyo_bulk_events.settings import SPEC_RATES

_EVENTS: Final = 20_000
_FASTER: Final = 10
_RATES: Final = tuple(Rate(rate.limit, rate.seconds / _FASTER) for rate in SPEC_RATES)
_FAULTS: Final = {"html_503": 0.15, "reset_after": 0.15}
_KEY: Final = "pk_demo"


def demonstrate() -> int:
    """Send made-up events to an emulator; 0 if what came of them is what should have."""
    told = tell(_introduction())
    settings = emulator().Settings(
        rates=_RATES, faults=_FAULTS, seed=shop.SEED, keep=_EVENTS, repeats="drop"
    )
    with emulator().running(settings) as running:
        report, sentences = _send(running.url)
        told &= tell(f"\n{summary(report, sentences)}\n")
        faults = _faults(report, running.emulator)
    told &= tell(faults or _conclusion(report))
    if not told:
        return Exit.WRONG
    return Exit.REJECTED if faults else Exit.DELIVERED


def _send(url: str) -> tuple[Report, Sentences]:
    sentences = Sentences()
    sent = 0
    monitor = Monitor(_RATES, lambda: min(1.0, sent / _EVENTS))
    with (
        KlaviyoBulkEvents(_KEY, base_url=url, rates=_RATES, on_event=monitor.note) as client,
        display(monitor, quiet=False),
    ):
        run = client.stream(shop.events(_EVENTS), backfill=True)
        for outcome in run:
            sent += 1
            monitor.settle(outcome)
            sentences.hear(outcome)
    return run.report(), sentences


def _introduction() -> str:
    rates = " and ".join(f"{rate.limit} in {rate.seconds:g} s" for rate in _RATES)
    return (
        f"Sending {_EVENTS:,} made-up shop events, as a backfill, to an emulator of Klaviyo.\n"
        f"Both keep the real rate limits in windows {_FASTER} times shorter: {rates}.\n"
        "Now and then the emulator answers 503, or resets the connection once it took a request."
    )


def _faults(report: Report, emulator: Any) -> str:
    """What is not as it should be; the emulator's memory is the judge."""
    expected = _expected()
    held = {event.unique_id for event in emulator.events()}
    if held != expected:
        return f"Wrong: the emulator holds {len(held):,} events, and not the {len(expected):,} good"
    if report.accepted != len(expected) or report.throttled:
        return "Wrong: the report is not what the emulator holds, or there was a 429"
    return ""


def _expected() -> set[str]:
    return {event["unique_id"] for event in shop.events(_EVENTS) if shop.is_good(event)}


def _conclusion(report: Report) -> str:
    return (
        f"The emulator holds exactly the {report.accepted:,} events that the report calls "
        f"accepted, each once,\nthough {report.retries} requests had to be sent again, and it "
        "never had to say 429."
    )
