"""Which task serves which accounts, from when on, and how long it must take."""

import heapq
from collections.abc import Mapping, Sequence

from attrs import frozen

from klaviyo_bulk_events.arrow.account_lanes import LANES
from klaviyo_bulk_events.limits import EVENTS_PER_REQUEST
from klaviyo_bulk_events.pace import seconds_for
from klaviyo_bulk_events.rates import Rate


@frozen
class Turn:
    """When an account is served: by which task, and from which of its rounds on.

    In a round a task reads the rows of one request for each account that has its turn.
    """

    task: int
    first_round: int


@frozen
class Plan:
    """What there is to send, and how long it takes at least, however many machines send.

    rows: by account. unknown: rows of accounts that have no credential, by account. missing: rows
    without an account. turns: who is served when.
    """

    rows: Mapping[str, int]
    unknown: Mapping[str, int]
    missing: int
    tasks: int
    turns: Mapping[str, Turn]
    rates: Sequence[Rate]

    @classmethod
    def of(
        cls,
        rows: Mapping[str, int],
        unknown: Mapping[str, int],
        missing: int,
        *,
        tasks: int,
        rates: Sequence[Rate],
    ) -> "Plan":
        """Deal the accounts to so many tasks at most, each whole to one, the largest first."""
        tasks = max(1, min(tasks, len(rows)))
        dealt = _dealt(rows, tasks)
        turns = {
            account: Turn(task, first)
            for task, accounts in enumerate(dealt)
            for account, first in _first_rounds(rows, accounts).items()
        }
        return cls(rows, unknown, missing, tasks, turns, rates)

    def seconds(self, account: str) -> float:
        """How long the account takes at least."""
        return seconds_for(requests_for(self.rows[account]), self.rates)

    @property
    def floor(self) -> float:
        """Seconds that all of it takes at least: those of the largest account."""
        return max(map(self.seconds, self.rows), default=0.0)

    def __str__(self) -> str:
        lost = sum(self.unknown.values()) + self.missing
        largest = max(self.rows, key=lambda account: self.rows[account], default="none")
        limits = " and ".join(map(str, self.rates))
        return (
            f"{sum(self.rows.values()):,} rows for {len(self.rows):,} accounts in {self.tasks:,} "
            f"tasks; at {limits} it takes {self.floor:,.0f} s or more, for {largest!r} alone does"
            + (f"; {lost:,} rows are of no known account" if lost else "")
        )


def requests_for(rows: int) -> int:
    """How many requests rows take at least."""
    return -(-rows // EVENTS_PER_REQUEST.value)


def largest_first(rows: Mapping[str, int]) -> list[str]:
    """The accounts by their numbers of rows, and equals by name."""
    return sorted(rows, key=lambda account: (-rows[account], account))


def _dealt(rows: Mapping[str, int], tasks: int) -> list[list[str]]:
    """The accounts of each task, the largest first, each to the task that has least to do."""
    dealt: list[list[str]] = [[] for _ in range(tasks)]
    loads = [(0, task) for task in range(tasks)]
    for account in largest_first(rows):
        load, task = heapq.heappop(loads)
        dealt[task].append(account)
        heapq.heappush(loads, (load + rows[account], task))
    return dealt


def _first_rounds(rows: Mapping[str, int], accounts: Sequence[str]) -> dict[str, int]:
    """From which round on each is served, with no more than `LANES` of them in any."""
    free = [0] * LANES
    first = {}
    for account in accounts:
        first[account] = heapq.heappop(free)
        heapq.heappush(free, first[account] + requests_for(rows[account]))
    return first
