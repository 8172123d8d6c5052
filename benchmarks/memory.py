"""Whether peak memory grows with the number of events sent.

A process starts with the peak of the one that started it. So this one must stay smaller than what
it measures: it imports neither the client nor httpx.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import sink

_MEGABYTE = 1_000_000


def main() -> None:
    """Print the peaks of a short and of a ten times longer delivery, without and with a journal."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only see whether it runs")
    few = 2_000 if parser.parse_args().quick else 200_000
    with sink.running() as url, tempfile.TemporaryDirectory() as folder:
        print("peak memory of a process that sends generated events")
        _compare(few, url)
        print("the same with a journal, which knows every event's key")
        _compare(few, url, Path(folder))


def _compare(few: int, url: str, journals: Path | None = None) -> None:
    peaks = []
    for count in (few, 10 * few):
        journal = [] if journals is None else [str(journals / f"{count}.db")]
        peaks.append(_show(count, url, *journal))
    print(f"  difference {(peaks[1] - peaks[0]) / _MEGABYTE:.1f} MB\n")


def _show(count: int, *where: str) -> int:
    command = [sys.executable, "-m", "benchmarks.delivery", str(count), *where]
    started = time.perf_counter()
    finished = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    peak = int(finished.stdout)
    print(f"  {count:>9,} events  {peak / _MEGABYTE:6.1f} MB  in {seconds:.1f} s", flush=True)
    return peak


if __name__ == "__main__":
    main()
