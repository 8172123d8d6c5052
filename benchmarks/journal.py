"""What a journal adds to the CPU of `send`, and to its disk.

Runs keep to Klaviyo's limits, as they do in use. What counts are the CPU seconds of the process,
its own and the kernel's for it: what a request takes more by which one is kept (see `by_lot`), and
what it takes to begin and end a journal. Processes differ by more than their requests do: each run
has its own.
"""

import argparse
import contextlib
import csv
import gc
import io
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from statistics import mean, stdev

import orjson
from attrs import frozen

from benchmarks import forms, shop, sink
from benchmarks.by_lot import CpuClock, JournalByLot, Took
from klaviyo_bulk_events import KlaviyoBulkEvents
from klaviyo_bulk_events.cli.main import cli
from klaviyo_bulk_events.sources import Rules, open_files

_AT_ONCE = 1_000
_SHORT_RUNS = 5
_COMMANDS = 3
_CUSTOMERS = 250
_SEND = ("send", "--backfill", "--quiet")


@frozen
class Measured:
    """CPU seconds of one process.

    A journal adds `more` to a request, and `short` to a run of hardly an event.
    """

    more: float
    short: float


def main() -> None:
    """Print what each kind of source takes with and without a journal."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.journal", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only see whether it runs")
    parser.add_argument("--events", type=int, default=100_000, help="in a run")
    parser.add_argument("--runs", type=int, default=30, help="each in a process of its own")
    given = parser.parse_args()
    count, runs = (9_000, 2) if given.quick else (given.events, given.runs)
    with tempfile.TemporaryDirectory() as folder, sink.running() as url:
        os.environ |= {"KLAVIYO_API_KEY": "pk_benchmark", "KLAVIYO_BASE_URL": url}
        for name, write in _SOURCES.items():
            source = Path(folder, name)
            write(source, _rows(count))
            with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as processes:
                found = list(processes.map(_measure, [source] * runs))
            seconds = mean(_cpu_seconds(source) for _ in range(_COMMANDS))
            _show(source, count, found, seconds / count * _AT_ONCE, _disk(source))
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


def _measure(source: Path) -> Measured:
    journal = source.with_name("run.db")
    beginning = source.with_name(f"short{source.suffix}")
    with source.open() as file:
        beginning.write_text("".join(islice(file, 2)))
    _cpu_seconds(beginning)  # which imports
    short = [
        _cpu_seconds(beginning, "--journal", str(_fresh(journal))) - _cpu_seconds(beginning)
        for _ in range(_SHORT_RUNS)
    ]
    took = Took()
    _deliver(source, journal, took)
    # The first of the short runs imports what only a journal needs.
    return Measured(mean(took.kept) - mean(took.others), mean(short[1:]))


def _disk(source: Path) -> int:
    journal = source.with_name("run.db")
    _cpu_seconds(source, "--journal", str(_fresh(journal)))
    return sum(file.stat().st_size for file in _files(journal))


def _files(journal: Path) -> list[Path]:
    return list(journal.parent.glob(f"{journal.name}*"))


def _fresh(journal: Path) -> Path:
    for file in _files(journal):
        file.unlink()
    return journal


def _deliver(source: Path, journal: Path, took: Took) -> None:
    """Send as the command does, and keep a journal by lot.

    One request at a time, so that what one takes is over before the next is ready.
    """
    (records,) = open_files([str(source)], Rules())
    clock = CpuClock()
    gc.collect()
    try:
        with KlaviyoBulkEvents(max_in_flight=1) as klaviyo:
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


def _show(source: Path, count: int, found: Sequence[Measured], without: float, disk: int) -> None:
    """`without` are the CPU seconds that the command takes for a request without a journal."""
    more, short = (mean(getattr(each, name) for each in found) for name in ("more", "short"))
    error = stdev(each.more for each in found) / len(found) ** 0.5
    in_all = more + short * _AT_ONCE / count
    print(
        f"{source.name}, {count:,} events of {source.stat().st_size / count:,.0f} bytes, "
        f"in {len(found)} processes\n"
        f"  {without * 1e3:.1f} ms of CPU for 1,000 events by the command without a journal\n"
        f"  {more * 1e3:+.2f} with one, standard error {error * 1e3:.2f}\n"
        f"  {short * 1e3:.1f} ms to begin and end one\n"
        f"  {in_all / without:+.1%} in all, standard error {error / without:.1%}\n"
        f"  {disk / count:,.1f} bytes on disk for each event\n",
        flush=True,
    )


if __name__ == "__main__":
    main()
