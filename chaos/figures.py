"""What a campaign came to."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from attrs import Factory, frozen

from chaos.faults import Kind

_FAILED: Final = {
    Kind.LOST: "lost",
    Kind.DOUBLED: "doubled",
    Kind.SUM: "wrong sums",
    Kind.CLAIM: "wrong claims",
    Kind.INVALID: "invalid events held",
    Kind.LIMIT: "limits broken",
    Kind.OTHER: "other faults",
}


@frozen(kw_only=True)
class Result:
    """One run's figures; `failure` says what was wrong with it, and where its files are.

    `seconds` are of the clock; `generating` and `comparing` are the shares of them that the
    campaign took for itself.
    """

    seed: int
    events: int
    seconds: float = 0.0
    generating: float = 0.0
    comparing: float = 0.0
    held: int = 0
    refused: int = 0
    requests: int = 0
    calls: int = 0
    killed: int = 0
    interrupted: int = 0
    late: int = 0
    faults: Counter[str] = Factory(Counter)
    wrong: Counter[Kind] = Factory(Counter)
    failure: str | None = None


def told(results: Sequence[Result]) -> Iterator[str]:
    """The figures of all runs, in lines."""

    def total(name: str) -> int:
        return sum(getattr(result, name) for result in results)

    faults: Counter[str] = sum((result.faults for result in results), Counter())
    wrong: Counter[Kind] = sum((result.wrong for result in results), Counter())
    yield f"{len(results):,} runs, {total('events'):,} events in the sources"
    yield (
        f"{total('calls'):,} calls of the command, of which {total('killed'):,} were killed and "
        f"{total('interrupted'):,} interrupted; {total('requests'):,} requests"
    )
    yield f"{total('held'):,} events held by the emulators, {total('refused'):,} refused as poison"
    yield f"{total('late'):,} answers too late without a fault: the machine was busy"
    yield f"{faults.total():,} faults of requests, of {len(faults)} kinds:"
    yield from (f"  {name:<18} {count:>7,}" for name, count in sorted(faults.items()))
    yield from (f"{name}: {wrong[kind]:,}" for kind, name in _FAILED.items())
    failed = [str(result.seed) for result in results if result.failure]
    yield f"failed seeds: {', '.join(failed) or 'none'}"
