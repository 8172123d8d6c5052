"""What is asked on a terminal before anything is sent."""

import itertools
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

import click

from klaviyo_bulk_events.cli.account import described
from klaviyo_bulk_events.cli.summary import printable
from klaviyo_bulk_events.planner import Sourced

_PEEKED: Final = 1_000
_SHOWN: Final = 20
_MODES: Final = {
    True: "backfill: the events are recorded and fire no flows",
    False: "TRIGGERS FLOWS: real customers get e-mails and texts from your flows",
    None: "every record says itself whether it fires flows",
}


def is_asked(options: Mapping[str, Any]) -> bool:
    """Whether there is a terminal to ask on, and asking is wanted."""
    # Python has None for what a process was started without.
    streams = (sys.stdin, sys.stderr)
    return not options["yes"] and all(stream and stream.isatty() for stream in streams)


def agreed(
    options: Mapping[str, Any], backfill: bool | None, records: Iterator[Sourced]
) -> tuple[bool, Iterator[Sourced]]:
    """Whether the user agrees, and the records, at which this had a look."""
    metrics, records = _metrics(options, records)
    click.echo(f"Account  {described(options)}", err=True)
    click.echo(f"Metrics  {metrics}", err=True)
    click.echo(f"Mode     {_MODES[backfill]}", err=True)
    return click.confirm("Send?", err=True), records


def _metrics(
    options: Mapping[str, Any], records: Iterator[Sourced]
) -> tuple[str, Iterator[Sourced]]:
    if options["metric"] is not None:
        return printable(options["metric"]), records
    peeked = list(itertools.islice(records, _PEEKED))
    names = Counter(str(item.record.get("metric")) for item in peeked if item.problem is None)
    named = ", ".join(printable(name) for name, _ in names.most_common(_SHOWN))
    more = ", …" if len(names) > _SHOWN else ""
    where = f"in the first {_PEEKED:,} records" if len(peeked) == _PEEKED else "in all records"
    return f"{named or 'none'}{more} ({where})", itertools.chain(peeked, records)
