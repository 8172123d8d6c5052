"""A plan as options of the command, and as settings of the emulator."""

from collections.abc import Sequence
from typing import Final

from chaos import forms
from chaos.plan import TIMEOUT, Plan
from chaos.sources import Source
from klaviyo_bulk_events.emulator import Settings
from klaviyo_bulk_events.rates import Rate

REJECTS: Final = "rejects.jsonl"
REPORT: Final = "report.json"
JOURNAL: Final = ("--journal", "run.db")
_FLOWS: Final = {"backfill": ("--backfill",), "live": ("--trigger-flows",), "mixed": ()}
_LIFTED: Final = 1_000_000
_PATIENT: Final = 600.0
_EVERYTHING: Final = 10_000_000


def arguments(plan: Plan, given: Sequence[Source], *, patient: bool) -> list[str]:
    """How the sources are sent; a patient call has all the time and requests that it may need."""
    options: dict[str, object] = {
        "rejects": REJECTS,
        "report": REPORT,
        "timeout": TIMEOUT,
        "deadline": _PATIENT if patient else plan.deadline,
        "max-in-flight": plan.max_in_flight,
        "narrowing-budget": _LIFTED if patient else plan.budget,
        "window": plan.window,
    }
    if plan.timezone:
        options["timezone"] = plan.timezone
    if any(source.is_csv for source in given):
        options["map"] = forms.MAPPING
    named = [source.name for source in given]
    rates = [f"--rate={rate}" for rate in plan.rates]
    rest = [f"--{name}={value}" for name, value in options.items()]
    return ["send", *named, "--quiet", "--verbose", *_FLOWS[plan.flow], *rates, *rest]


def settings(plan: Plan) -> Settings:
    """An emulator that forgets nothing."""
    return Settings(
        rates=tuple(map(Rate.parse, plan.rates)),
        repeats=plan.reading,
        name_faults=plan.named,
        pointers=plan.pointers,
        faults=plan.faults,
        seed=plan.seed,
        keep=_EVERYTHING,
        delay=plan.delay,
        pause=plan.pause,
    )
