"""What `plan` does."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import attrs
import click
from attrs import Factory, define

from klaviyo_bulk_events.account_of import with_account
from klaviyo_bulk_events.cli.account import rates_of
from klaviyo_bulk_events.cli.display import tell
from klaviyo_bulk_events.cli.exits import Exit
from klaviyo_bulk_events.cli.inputs import Inputs, read_inputs
from klaviyo_bulk_events.cli.monitor import duration
from klaviyo_bulk_events.cli.summary import aligned, counted, printable
from klaviyo_bulk_events.encoder import EncodedEvent
from klaviyo_bulk_events.limits import EVENTS_PER_REQUEST, REQUEST_BYTES
from klaviyo_bulk_events.pace import seconds_for
from klaviyo_bulk_events.planner import Planner, Record
from klaviyo_bulk_events.rates import Rate

_SHOWN: Final = 20
_ONE: Final = ""
"""The account where there is no column for it."""


@define
class _Load:
    """What there is to send, by account; `bytes` are the least that it can take."""

    events: Counter[str] = Factory(Counter)
    bytes: Counter[str] = Factory(Counter)
    left_out: int = 0

    def requests(self, account: str) -> int:
        """How many requests it takes at least."""
        by_events = -(-self.events[account] // EVENTS_PER_REQUEST.value)
        return max(by_events, -(-self.bytes[account] // REQUEST_BYTES.value))


def plan_all(options: Mapping[str, Any]) -> int:
    """Say how long it must take; the exit code."""
    rates = rates_of(options)
    if options["events"]:
        load = _given(options)
    else:
        inputs = read_inputs(options)
        load = _read(inputs.records(), inputs, options["account_column"])
    told = tell("\n".join(_findings(load, rates)))
    return Exit.DELIVERED if told else Exit.WRONG


def _given(options: Mapping[str, Any]) -> _Load:
    if options["source"] or options["sql"] is not None:
        raise click.UsageError("--events stands in for sources, and there are some")
    load = _Load()
    for text in options["events"]:
        account, _, count = text.rpartition("=")
        if not count.isascii() or not count.isdigit():
            raise click.UsageError(f"--events takes a number, like shop-1=40000, not {text!r}")
        load.events[account] += int(count)
    return load


def _read(records: Iterable[Record], inputs: Inputs, column: str | None) -> _Load:
    load = _Load()
    # Whether events fire flows changes no number: where nobody says it, they count all the same.
    planners = [inputs.planner(), attrs.evolve(inputs, backfill=True).planner()]
    for account, record in _with_accounts(records, column):
        event = _event(record, planners) if account is not None else None
        if account is None or event is None:
            load.left_out += 1
            continue
        load.events[account] += 1
        load.bytes[account] += len(event.data)
    return load


def _event(record: Record, planners: Iterable[Planner]) -> EncodedEvent | None:
    """What the first of the planners that takes it makes of the record."""
    for planner in planners:
        event = planner.look(record)
        if isinstance(event, EncodedEvent):
            return event
        if {problem.code for problem in event.problems} != {"backfill_unsaid"}:
            return None
    return None


def _with_accounts(
    records: Iterable[Record], column: str | None
) -> Iterator[tuple[str | None, Record]]:
    for record in records:
        yield (_ONE, record) if column is None else with_account(record, column)


def _findings(load: _Load, rates: Sequence[Rate]) -> list[str]:
    limits = " and ".join(map(str, rates))
    return [
        "Nothing was sent.",
        "",
        *_table(load, rates),
        "",
        _sum(load),
        *_left_out(load),
        f"At {limits} for each account it takes {_longest(load, rates)} or more, however many "
        "machines send.",
    ]


def _table(load: _Load, rates: Sequence[Rate]) -> list[str]:
    rows = [("account", "events", "requests", "at least")]
    rows += [
        (
            printable(account) or "(one account)",
            f"{events:,}",
            f"{load.requests(account):,}",
            duration(seconds_for(load.requests(account), rates)),
        )
        for account, events in load.events.most_common(_SHOWN)
    ]
    more = len(load.events) - _SHOWN
    return [*aligned(rows, "<>>>"), *([f"  and {more:,} smaller ones"] if more > 0 else [])]


def _sum(load: _Load) -> str:
    accounts = counted(len(load.events), "account")
    requests = counted(sum(map(load.requests, load.events)), "request")
    return f"{accounts}, {counted(load.events.total(), 'event')}, {requests} or more."


def _left_out(load: _Load) -> list[str]:
    if not load.left_out:
        return []
    return [f"{counted(load.left_out, 'record')} would be rejected: `check` says why."]


def _longest(load: _Load, rates: Sequence[Rate]) -> str:
    most = max(map(load.requests, load.events), default=0)
    return duration(seconds_for(most, rates))
