"""What thousands of accounts in one process cost: memory while idle, time and CPU when served.

Each account has a limiter of its own, and the emulator windows of its own for each key.
"""

import argparse
import gc
import multiprocessing
import resource
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection

from attrs import frozen

from klaviyo_bulk_events import Accounts, Event, Profile
from klaviyo_bulk_events.emulator import Settings, running

_EVENTS = 20
"""Events of each account, in one request."""


@frozen
class Served:
    """What serving the accounts took."""

    accounts: int
    accepted: int
    throttled: int
    seconds: float
    cpu: float
    idle: float
    rested: float


def main() -> None:
    """Print the cost of an account."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accounts", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only see whether it runs")
    accounts = 50 if parser.parse_args().quick else 2_000
    served = measure(accounts)
    print(f"{served.accounts:,} accounts in one process, {_EVENTS} events each")
    print(f"  an account that nothing was sent to  {served.idle / 1e3:6.1f} KB")
    print(f"  an account after it was served       {served.rested / 1e3:6.1f} KB")
    print(
        f"  all served in {served.seconds:.1f} s, {served.cpu / accounts * 1e3:.2f} ms CPU each; "
        f"{served.accepted:,} events accepted, {served.throttled} answered 429\n"
    )


def measure(accounts: int) -> Served:
    """Serve so many, in a process of their own: the emulator's memory is not theirs."""
    with running(Settings(account_per_key=True, keep=0)) as emulated:
        spawn = multiprocessing.get_context("spawn")
        here, there = spawn.Pipe()
        process = spawn.Process(target=_serve, args=(accounts, emulated.url, there))
        process.start()
        served: Served = here.recv()
        process.join()
    return served


def _serve(count: int, url: str, answer: Connection) -> None:
    keys = {f"shop-{number}": f"pk_{number:032}" for number in range(count)}
    before = _memory()
    with Accounts(keys, base_url=url, at_once=200) as accounts:
        idle = _memory() - before
        # What the first connection brings into memory is no account's.
        accounts.send({"shop-0": _events("first", 1)}, backfill=True)
        before = _memory()
        cpu, started = time.process_time(), time.perf_counter()
        reports = accounts.send({name: _events(name, _EVENTS) for name in keys}, backfill=True)
        seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
        rested = _memory() - before
        answer.send(
            Served(
                accounts=count,
                accepted=sum(report.accepted for report in reports.values()),
                throttled=sum(report.throttled for report in reports.values()),
                seconds=seconds,
                cpu=cpu,
                idle=idle / count,
                rested=rested / count,
            )
        )


def _memory() -> float:
    """Bytes that are resident now."""
    gc.collect()
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


def _events(account: str, count: int) -> Iterator[Event]:
    for number in range(count):
        yield Event(
            metric="Ordered Product",
            profile=Profile(external_id=f"{account}-customer"),
            time="2025-06-01T10:00:00Z",
            unique_id=f"{account}-{number}",
        )


if __name__ == "__main__":
    main()
