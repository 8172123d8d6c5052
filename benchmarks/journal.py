"""What a journal adds to a run's CPU, and to its disk.

Every run is a process of its own: what counts are the CPU seconds of the process, its own and the
kernel's for it, from its start to its end. Each run with a journal is compared with one without,
beside it in time: a machine that others use is as slow for both.
"""

import argparse
import csv
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import orjson

from benchmarks import forms, shop, sink

_AT_ONCE = 1_000
_CUSTOMERS = 250
_SEND = ("-m", "klaviyo_bulk_events", "send", "--backfill", "--rate", "100000/s", "--quiet")


def main() -> None:
    """Print what each kind of source takes with and without a journal."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.journal", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only see whether it runs")
    quick = parser.parse_args().quick
    count, rounds = (2_000, 2) if quick else (100_000, 9)
    with tempfile.TemporaryDirectory() as folder, sink.running() as url:
        for name, write in _SOURCES.items():
            source = Path(folder, name)
            write(source, _rows(count))
            _show(source, count, _measure(source, url, rounds))
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


def _measure(source: Path, url: str, rounds: int) -> list[tuple[float, float]]:
    """CPU seconds of pairs of runs: without a journal, and with one."""
    journal = source.with_name("run.db")
    pairs = []
    for number in range(rounds):
        for file in _files(journal):
            file.unlink()
        runs = [(), ("--journal", str(journal))]
        seconds = {more: _cpu_seconds(source, url, *more) for more in runs[:: 1 - number % 2 * 2]}
        pairs.append((seconds[runs[0]], seconds[runs[1]]))
    return pairs


def _files(journal: Path) -> list[Path]:
    return list(journal.parent.glob(f"{journal.name}*"))


def _cpu_seconds(source: Path, url: str, *more: str) -> float:
    command = [sys.executable, *_SEND, str(source), *more]
    environment = {**os.environ, "KLAVIYO_API_KEY": "pk_benchmark", "KLAVIYO_BASE_URL": url}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return usage.ru_utime + usage.ru_stime


def _show(source: Path, count: int, pairs: list[tuple[float, float]]) -> None:
    disk = sum(file.stat().st_size for file in _files(source.with_name("run.db")))
    size = source.stat().st_size / count
    without, with_one = (statistics.median(seconds) for seconds in zip(*pairs, strict=True))
    low, middle, high = statistics.quantiles(b / a - 1 for a, b in pairs)
    print(
        f"{source.name}, {count:,} events, {size:,.0f} bytes each; medians of {len(pairs)} pairs\n"
        f"  {without:.3f} s of CPU, with a journal {with_one:.3f} s\n"
        f"  {middle:+.1%} in the median pair, {low:+.1%} to {high:+.1%} in half of them\n"
        f"  {disk / count:,.1f} bytes on disk for each event\n",
        flush=True,
    )


if __name__ == "__main__":
    main()
