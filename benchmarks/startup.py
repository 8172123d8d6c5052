"""How long a process takes until a client is ready to send, against importing httpx alone.

The client is one for Klaviyo itself, so that loading the certificates counts.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping

_PYTHON = "Python, nothing imported"
_HTTPX = "import httpx"
_CLIENT = "a client ready to send"
_PROGRAMS = {
    _PYTHON: "pass",
    _HTTPX: "import httpx",
    _CLIENT: (
        "from klaviyo_bulk_events import KlaviyoBulkEvents; "
        "KlaviyoBulkEvents('pk_benchmark', base_url='https://a.klaviyo.com')"
    ),
}


def main() -> None:
    """Print the medians, the programs taking turns."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.startup", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only see whether it runs")
    rounds = 1 if parser.parse_args().quick else 30
    with tempfile.TemporaryDirectory() as folder:
        seconds = _measure(rounds, _environment(folder))
    median = {name: statistics.median(taken) * 1e3 for name, taken in seconds.items()}
    print(f"start of a process, medians of {rounds} rounds")
    for name, taken in median.items():
        print(f"  {name:<26} {taken:6.0f} ms")
    print(f"  {_CLIENT} takes {median[_CLIENT] - median[_HTTPX]:.0f} ms more than {_HTTPX}\n")


def _environment(folder: str) -> dict[str, str]:
    """One in which what is imported is compiled once, into this folder, and kept."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


def _measure(rounds: int, environment: Mapping[str, str]) -> dict[str, list[float]]:
    """Seconds of every round by program, after one that compiles."""
    seconds: dict[str, list[float]] = {name: [] for name in _PROGRAMS}
    for _ in range(1 + rounds):
        for name, program in _PROGRAMS.items():
            seconds[name].append(_timed(program, environment))
    return {name: taken[1:] for name, taken in seconds.items()}


def _timed(program: str, environment: Mapping[str, str]) -> float:
    """Seconds until the program has run; how long its process takes to end is not in them."""
    command = [sys.executable, "-c", f"{program}; print(flush=True)"]
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        process.stdout.readline()
        seconds = time.perf_counter() - started
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return seconds


if __name__ == "__main__":
    main()
