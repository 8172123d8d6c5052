"""What a journal adds to the CPU of `send`, and to its disk.

What counts are the CPU seconds of the process, its own and the kernel's for it: what a request
takes more by which one is kept (see `by_lot`), and what it takes to begin and end a journal.
"""

import argparse
import contextlib
import csv
import gc
import io
import os
import tempfile
import time
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from statistics import mean

import orjson
from attrs import frozen

from benchmarks import forms, shop, sink
from benchmarks.by_lot import CpuClock, JournalByLot, Took
from klaviyo_bulk_events import KlaviyoBulkEvents
from klaviyo_bulk_events.cli.main import cli
from klaviyo_bulk_events.sources import Rules, open_files

_AT_ONCE = 1_000
_CUSTOMERS = 250
_RATE = "100000/s"
_SEND = ("send", "--backfill", "--rate", _RATE, "--quiet")


@frozen
class Measured:
    """CPU seconds of the command without a journal, and of what one adds.

    `short` is what it adds to a run of hardly an event, `more` what it adds to a request, with its
    standard error, from so many that were `kept`; `disk` are its bytes.
    """

    command: float
    short: float
    more: float
    error: float
    kept: int
    disk: int


def main() -> None:
    """Print what each kind of source takes with and without a journal."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.journal", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only see whether it runs")
    parser.add_argument("--events", type=int, default=50_000, help="in a run")
    parser.add_argument("--runs", type=int, default=40, help="of each kind")
    given = parser.parse_args()
    count, runs = (9_000, 1) if given.quick else (given.events, given.runs)
    with tempfile.TemporaryDirectory() as folder, sink.running() as url:
        os.environ |= {"KLAVIYO_API_KEY": "pk_benchmark", "KLAVIYO_BASE_URL": url}
        for name, write in _SOURCES.items():
            source = Path(folder, name)
            write(source, _rows(count))
            _show(source, count, _measure(source, runs))
            source.unlink()


def _rows(count: int) -> Iterable[shop.Row]:
    for start in range(0, count, _AT_ONCE):
        yield from shop.rows(min(_AT_ONCE, count - start), _CUSTOMERS, start)


def _write_json_lines(path: Path, rows: Iterable[shop.Row]) -> None:
    with path.open("wb") as file:
        file.writelines(orjson.dumps(record) + b"\n" for record in forms.records(rows))


def _write_csv(path: Path, rows: Iterable[shop.Row]) -> None:
    flat = map(_flat, forms.records(rows))
    first = next(flat)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, first.keys())
        writer.writeheader()
        writer.writerow(first)
        writer.writerows(flat)


def _flat(record: dict[str, object]) -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in record.items():
        if isinstance(value, dict):
            flat |= {f"{name}.{inner}": content for inner, content in _flat(value).items()}
        else:
            flat[name] = value
    return flat


_SOURCES: dict[str, Callable[[Path, Iterable[shop.Row]], None]] = {
    "orders.jsonl": _write_json_lines,
    "orders.csv": _write_csv,
}


def _measure(source: Path, runs: int) -> Measured:
    """The runs go to requests by lot, to the command, and to one that has hardly an event."""
    journal = source.with_name("run.db")
    beginning = source.with_name(f"short{source.suffix}")
    with source.open() as file:
        beginning.write_text("".join(islice(file, 2)))
    took = Took()
    command, short = [], []
    _cpu_seconds(source)  # which imports
    for _ in range(runs):
        _deliver(source, journal, took)
        command.append(_cpu_seconds(source))
        with_journal = _cpu_seconds(beginning, "--journal", str(_fresh(journal)))
        short.append(with_journal - _cpu_seconds(beginning))
    _cpu_seconds(source, "--journal", str(_fresh(journal)))
    disk = sum(file.stat().st_size for file in _files(journal))
    return Measured(mean(command), mean(short), *took.more(), len(took.kept), disk)


def _files(journal: Path) -> list[Path]:
    return list(journal.parent.glob(f"{journal.name}*"))


def _fresh(journal: Path) -> Path:
    for file in _files(journal):
        file.unlink()
    return journal


def _deliver(source: Path, journal: Path, took: Took) -> None:
    """Send as the command does, and keep a journal by lot."""
    (records,) = open_files([str(source)], Rules())
    clock = CpuClock()
    gc.collect()
    try:
        with KlaviyoBulkEvents(rates=[_RATE]) as klaviyo:
            kept = JournalByLot(_fresh(journal), clock, took)
            for _ in klaviyo.stream(records, backfill=True, journal=kept):
                pass
    finally:
        clock.close()


def _cpu_seconds(source: Path, *more: str) -> float:
    gc.collect()
    start = time.process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        code = cli.main([*_SEND, str(source), *more], standalone_mode=False)
    if code:
        raise SystemExit(code)
    return time.process_time() - start


def _show(source: Path, count: int, found: Measured) -> None:
    requests = count / _AT_ONCE
    without = found.command / requests
    more = found.more + found.short / requests
    print(
        f"{source.name}, {count:,} events of {source.stat().st_size / count:,.0f} bytes\n"
        f"  {without * 1e3:.1f} ms of CPU for 1,000 events without a journal\n"
        f"  {found.more * 1e3:+.2f} with one, standard error {found.error * 1e3:.2f}; "
        f"{found.kept:,} requests with one\n"
        f"  {found.short * 1e3:.1f} ms to begin and end one\n"
        f"  {more / without:+.1%} in all, standard error {found.error / without:.1%}\n"
        f"  {found.disk / count:,.1f} bytes on disk for each event\n",
        flush=True,
    )


if __name__ == "__main__":
    main()
