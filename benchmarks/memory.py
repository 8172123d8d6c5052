"""Whether peak memory grows with the number of events sent.

A process starts with the peak of the one that started it. So this one must stay smaller than what
it measures: it imports neither the client nor httpx.
"""

import argparse
import subprocess
import sys
import time

from benchmarks import sink

_MEGABYTE = 1_000_000


def main() -> None:
    """Print the peaks of a short and of a ten times longer delivery, and their difference."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only see whether it runs")
    few = 2_000 if parser.parse_args().quick else 200_000
    print("peak memory of a process that sends generated events")
    with sink.running() as url:
        peaks = [_show(count, url) for count in (few, 10 * few)]
    print(f"  difference {(peaks[1] - peaks[0]) / _MEGABYTE:.1f} MB\n")


def _show(count: int, url: str) -> int:
    command = [sys.executable, "-m", "benchmarks.delivery", str(count), url]
    started = time.perf_counter()
    finished = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    peak = int(finished.stdout)
    print(f"  {count:>9,} events  {peak / _MEGABYTE:6.1f} MB  in {seconds:.1f} s", flush=True)
    return peak


if __name__ == "__main__":
    main()
