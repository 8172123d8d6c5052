"""What a journal adds to a run's CPU, and to its disk.

Every run is a process of its own, with and without a journal in turn: what counts are the CPU
seconds of the process, its own and the kernel's for it, from its start to its end.
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
    count, rounds = (2_000, 1) if quick else (100_000, 5)
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


def _measure(source: Path, url: str, rounds: int) -> tuple[list[float], list[float]]:
    """CPU seconds of every run: without a journal, and with one."""
    without, with_one = [], []
    journal = source.with_name("run.db")
    for _ in range(rounds):
        without.append(_cpu_seconds(source, url))
        for file in _files(journal):
            file.unlink()
        with_one.append(_cpu_seconds(source, url, "--journal", str(journal)))
    return without, with_one


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


def _show(source: Path, count: int, seconds: tuple[list[float], list[float]]) -> None:
    disk = sum(file.stat().st_size for file in _files(source.with_name("run.db")))
    size = source.stat().st_size / count
    print(f"{source.name}, {count:,} events, {size:,.0f} bytes each; {len(seconds[0])} rounds")
    # The least is what others on the machine add nothing to.
    picks: dict[str, Callable[[list[float]], float]] = {"median": statistics.median, "least": min}
    for name, pick in picks.items():
        without, with_one = pick(seconds[0]), pick(seconds[1])
        print(
            f"  {name:<6}  {without:7.3f} s of CPU, with a journal {with_one:7.3f} s, "
            f"{with_one / without - 1:+.1%}"
        )
    print(f"  {disk / count:,.1f} bytes on disk for each event\n", flush=True)


if __name__ == "__main__":
    main()
