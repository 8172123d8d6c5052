"""How long 1,000 events take from rows to the answer, against plain dicts, orjson and httpx.

All ways take turns in one run, in another order each round: what counts is their ratio, which
holds on a busy machine too.
"""

import argparse
import gc
import statistics
import time

import orjson

from benchmarks import forms, shop, sink, ways

_EVENTS = 1_000
_WARM_UP = 2


def main() -> None:
    """Print a table for few and one for many profiles."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only see whether it runs")
    rounds = 2 if parser.parse_args().quick else 60
    for profiles in (250, 1_000):
        _show(profiles, rounds, _measure(profiles, rounds))


def _measure(profiles: int, rounds: int) -> dict[str, list[float]]:
    """Seconds of every round, by way."""
    with sink.running() as url, ways.all_ways(url) as compared:
        names = list(compared)
        seconds: dict[str, list[float]] = {name: [] for name in names}
        for turn in range(_WARM_UP + rounds):
            rows = list(shop.rows(_EVENTS, profiles, start=turn * _EVENTS))
            first = turn % len(names)
            for name in names[first:] + names[:first]:
                seconds[name].append(_timed(compared[name], rows))
    return {name: taken[_WARM_UP:] for name, taken in seconds.items()}


def _timed(way: ways.Way, rows: list[shop.Row]) -> float:
    # No way pays for the garbage that the one before it left.
    gc.collect()
    started = time.perf_counter()
    way(rows)
    return time.perf_counter() - started


def _show(profiles: int, rounds: int, seconds: dict[str, list[float]]) -> None:
    median = {name: statistics.median(taken) for name, taken in seconds.items()}
    floor = median[ways.FLOOR]
    sent = orjson.dumps(forms.document(shop.rows(_EVENTS, profiles)))
    print(
        f"{_EVENTS:,} events over {profiles:,} profiles, {len(sent) / _EVENTS:,.0f} bytes each "
        f"as sent; medians of {rounds} rounds"
    )
    for name, taken in median.items():
        print(f"  {name:<38} {taken * 1e3:8.2f} ms  {taken / floor:6.2f} x the floor")
    if ways.SDK in median:
        print(f"  {ways.SDK} takes {median[ways.SDK] / median[ways.EVENTS]:.1f} x {ways.EVENTS}")
    print()


if __name__ == "__main__":
    main()
