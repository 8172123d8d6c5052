"""What attempts say of an account as a whole, beside its chunks; and the report of it all.

Chunks say what became of what was sent. What was settled before anything was sent, and what it
took, is in no chunk.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

import orjson
from attrs import frozen

from klaviyo_bulk_events.arrow.entries import Standing
from klaviyo_bulk_events.arrow.store import ChunkName, Store
from klaviyo_bulk_events.errors import JournalError
from klaviyo_bulk_events.outcomes import Status
from klaviyo_bulk_events.report import COSTS, Report

_WHOLE: Final = -1
"""The number under which the ledger has what attempts say of an account as a whole."""


@frozen
class Attempt:
    """What one attempt says of an account.

    `read` are the rows that it took, all of them if it `ended`. `before` counts what was settled
    before anything was sent, by status and code.
    """

    read: int
    ended: bool
    stopped: str | None
    before: Mapping[tuple[str, str], int]
    warnings: Mapping[str, int]
    costs: Mapping[str, int]

    @classmethod
    def of(
        cls,
        report: Report | None,
        before: Mapping[tuple[str, str], int],
        *,
        ended: bool,
        stopped: str | None,
    ) -> "Attempt":
        """What the report says; None if nothing could be begun."""
        if report is None:
            return cls(0, ended, stopped, before, {}, dict.fromkeys(COSTS, 0))
        costs = {name: getattr(report, name) for name in COSTS}
        return cls(report.submitted, ended, stopped, before, report.warnings, costs)

    def entry(self) -> bytes:
        """As the ledger keeps it."""
        before = [[*key, count] for key, count in self.before.items()]
        return orjson.dumps(
            {
                "read": self.read,
                "ended": self.ended,
                "stopped": self.stopped,
                "before": before,
                "warnings": dict(self.warnings),
                "costs": dict(self.costs),
            }
        )

    @classmethod
    def from_entry(cls, entry: bytes) -> "Attempt":
        """Raises JournalError."""
        try:
            said = orjson.loads(entry)
            before = {(status, code): count for status, code, count in said.pop("before")}
            return cls(before=before, **said)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise JournalError("the chunk ledger is damaged, or is none") from None


def remember(attempt: Attempt, store: Store, run: str, account: str) -> None:
    """Write what the attempt says. Raises JournalError."""
    name = ChunkName(run, account, _WHOLE)
    while not store.append(name, len(store.read(name)), attempt.entry()):
        pass


def has_any(store: Store, run: str, account: str) -> bool:
    """Whether an attempt said anything of the account as a whole."""
    return bool(store.read(ChunkName(run, account, _WHOLE)))


def read_back(store: Store, run: str, account: str, rows: int, seconds: float = 0.0) -> Report:
    """The report of an account with so many rows, whatever became of the attempts.

    What attempts that died had spent is not in it. Raises JournalError.
    """
    attempts = [Attempt.from_entry(e) for e in store.read(ChunkName(run, account, _WHOLE))]
    most = max(attempts, key=lambda attempt: attempt.read, default=_NOTHING)
    statuses: Counter[str] = Counter()
    rejections: Counter[str] = Counter()
    for (status, code), count in (*most.before.items(), *_of_chunks(store, run, account)):
        statuses[status] += count
        if status == Status.REJECTED:
            rejections[code] += count
    submitted = max(most.read if most.ended else rows, statuses.total())
    statuses[Status.UNSENT] += submitted - statuses.total()
    return Report(
        submitted=submitted,
        **{status.value: statuses[status] for status in Status},
        **{name: sum(attempt.costs[name] for attempt in attempts) for name in COSTS},
        seconds=seconds,
        rejections=dict(rejections.most_common()),
        warnings=dict(most.warnings),
        stopped=attempts[-1].stopped if attempts else None,
    )


def _of_chunks(store: Store, run: str, account: str) -> Iterator[tuple[tuple[str, str], int]]:
    number = 0
    while entries := store.read(ChunkName(run, account, number)):
        standing = Standing.of(entries)
        open_yet = Status.UNKNOWN if standing.under_way > 0 else Status.UNSENT
        for said, count in standing.counts():
            status, problems = said or (open_yet, ())
            if status is Status.UNSENT and standing.under_way > 0:
                status = Status.UNKNOWN
            yield (status.value, problems[0].code if problems else ""), count
        number += 1


_NOTHING: Final = Attempt(0, False, None, {}, {}, {})
