"""What a journal adds to a run's CPU, and to its disk.

What counts are the CPU seconds of the process, its own and the kernel's for it. Runs with and
without a journal take turns in one process: on a machine that others use, processes differ by more
than the journal takes.
"""

import argparse
import contextlib
import csv
import gc
import io
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import orjson

from benchmarks import forms, shop, sink
from klaviyo_bulk_events.cli.main import cli

_AT_ONCE = 1_000
_CUSTOMERS = 250
_SEND = ("send", "--backfill", "--rate", "100000/s", "--quiet")


def main() -> None:
    """Print what each kind of source takes with and without a journal."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.journal", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only see whether it runs")
    parser.add_argument("--events", type=int, default=50_000, help="in a run")
    parser.add_argument("--pairs", type=int, default=14, help="of runs, two at least")
    given = parser.parse_args()
    count, rounds = (2_000, 2) if given.quick else (given.events, given.pairs)
    with tempfile.TemporaryDirectory() as folder, sink.running() as url:
        os.environ |= {"KLAVIYO_API_KEY": "pk_benchmark", "KLAVIYO_BASE_URL": url}
        for name, write in _SOURCES.items():
            source = Path(folder, name)
            write(source, _rows(count))
            _show(source, count, _measure(source, rounds))
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


def _measure(source: Path, rounds: int) -> list[tuple[float, float]]:
    """CPU seconds of pairs of runs: without a journal, and with one."""
    journal = source.with_name("run.db")
    runs = [(), ("--journal", str(journal))]
    pairs = []
    for number in range(-1, rounds):
        for file in _files(journal):
            file.unlink()
        # Each is first as often as the other.
        seconds = {more: _cpu_seconds(source, *more) for more in runs[:: 1 - number % 2 * 2]}
        pairs.append((seconds[runs[0]], seconds[runs[1]]))
    return pairs[1:]  # the first one imports


def _files(journal: Path) -> list[Path]:
    return list(journal.parent.glob(f"{journal.name}*"))


def _cpu_seconds(source: Path, *more: str) -> float:
    gc.collect()
    start = time.process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        code = cli.main([*_SEND, str(source), *more], standalone_mode=False)
    if code:
        raise SystemExit(code)
    return time.process_time() - start


def _show(source: Path, count: int, pairs: list[tuple[float, float]]) -> None:
    disk = sum(file.stat().st_size for file in _files(source.with_name("run.db")))
    size = source.stat().st_size / count
    requests = count / _AT_ONCE
    without = statistics.mean(a for a, _ in pairs) / requests
    more = statistics.mean(b - a for a, b in pairs) / requests
    error = statistics.stdev(b - a for a, b in pairs) / len(pairs) ** 0.5 / requests
    print(
        f"{source.name}, {count:,} events, {size:,.0f} bytes each; means of {len(pairs)} pairs\n"
        f"  {without * 1e3:.1f} ms of CPU for 1,000 events, {more * 1e3:+.1f} with a journal\n"
        f"  {more / without:+.1%}, standard error {error / without:.1%}\n"
        f"  {disk / count:,.1f} bytes on disk for each event\n",
        flush=True,
    )


if __name__ == "__main__":
    main()
