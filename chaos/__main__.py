"""Runs the campaign and prints its figures; ends with 1 if a promise was not kept."""

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from random import SystemRandom

from chaos.campaign import attempt
from chaos.command import has_journal
from chaos.figures import Result, told
from chaos.spool import attempt_spool, spools_told

_SEEDS = 2**31


def main() -> int:
    """Carry out runs whose seeds follow each other."""
    chosen = _parser().parse_args()
    first = SystemRandom().randrange(_SEEDS) if chosen.seed is None else chosen.seed
    seeds = range(first, first + chosen.runs)
    return _spools(seeds, chosen) if chosen.spool else _commands(seeds, chosen)


def _commands(seeds: range, chosen: argparse.Namespace) -> int:
    journal = has_journal()
    print(f"seeds {seeds.start} to {seeds.stop - 1}, {'with' if journal else 'no'} journal")
    results = []
    with ProcessPoolExecutor(chosen.jobs, get_context("spawn")) as pool:
        run = partial(attempt, events=chosen.events, journal=journal)
        for result in pool.map(run, seeds):
            results.append(result)
            _show(result)
    print("", *told(results), sep="\n")
    return int(any(result.failure for result in results))


def _spools(seeds: range, chosen: argparse.Namespace) -> int:
    print(f"seeds {seeds.start} to {seeds.stop - 1}, over spools")
    results = []
    with ProcessPoolExecutor(chosen.jobs, get_context("spawn")) as pool:
        for result in pool.map(partial(attempt_spool, events=chosen.events), seeds):
            results.append(result)
            state = "FAILED" if result.failure else "ok"
            print(
                f"seed {result.seed}: {state}, {result.seconds:.1f} s, {result.put:,} events, "
                f"{result.killed} killed, {result.requests:,} requests",
                flush=True,
            )
            if result.failure:
                print(result.failure, flush=True)
    print("", *spools_told(results), sep="\n")
    return int(any(result.failure for result in results))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--seed", type=int, metavar="N", help="of the first run; else any")
    parser.add_argument("--runs", type=int, metavar="N", default=200)
    parser.add_argument("--events", type=int, metavar="N", default=10_000, help="in each run")
    parser.add_argument("--spool", action="store_true", help="over spools of queues")
    parser.add_argument("--jobs", type=int, metavar="N", default=_jobs(), help="at a time")
    return parser


def _jobs() -> int:
    """Twice the cores: a run waits more than it works."""
    return 2 * (os.cpu_count() or 1)


def _show(result: Result) -> None:
    print(
        f"seed {result.seed}: {'FAILED' if result.failure else 'ok'}, {result.seconds:.1f} s "
        f"({result.generating:.1f} to generate, {result.comparing:.1f} to compare), "
        f"{result.calls} calls, {result.requests:,} requests",
        flush=True,
    )
    if result.failure:
        print(result.failure, flush=True)


if __name__ == "__main__":
    sys.exit(main())
