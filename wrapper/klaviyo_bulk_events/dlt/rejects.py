"""What of a file's rows is not at Klaviyo, and why."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pyarrow as pa
from attrs import define, field
from pyarrow import compute

from klaviyo_bulk_events import private_files
from klaviyo_bulk_events.arrow.outcome_batches import OUTCOMES
from klaviyo_bulk_events.arrow.rows import Rows
from klaviyo_bulk_events.dlt.load_file import LoadFile
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.outcomes import Outcome, Status
from klaviyo_bulk_events.problems import Problem
from klaviyo_bulk_events.set_aside import line

_SETTLED: Final = pa.array([Status.ACCEPTED.value, Status.DUPLICATE.value])
_KINDS_TOLD: Final = 5
_AT_ONCE: Final = 1_000


@define(eq=False)
class Rejects:
    """Of outcomes, those that are neither accepted nor there already, in record batches."""

    rows: int = 0
    _batches: list[Any] = field(factory=list)

    def take(self, outcomes: Any) -> None:
        """Keep of a batch of outcomes what is to be told."""
        self.rows += len(outcomes)
        kept = outcomes.filter(compute.invert(compute.is_in(outcomes["status"], _SETTLED)))
        if len(kept):
            self._batches.append(kept)

    def __len__(self) -> int:
        return sum(map(len, self._batches))

    def still_open(self) -> int:
        """How many another attempt may settle: those that were not sent, or can be sent again."""
        return sum(
            outcome["status"] == Status.UNSENT
            or (outcome["status"] == Status.UNKNOWN and outcome["unique_id"] is not None)
            for outcome in self._told()
        )

    def summary(self) -> str:
        """How many of which kind, without any value of a row."""
        kinds = Counter((o["status"], o["code"], o["pointer"]) for o in self._told())
        told = [
            f"{count:,} {status} ({code or 'no reason'} at {pointer or '/'})"
            for (status, code, pointer), count in kinds.most_common(_KINDS_TOLD)
        ]
        more = [f"{len(kinds) - len(told)} other kinds"] if len(kinds) > len(told) else []
        return ", ".join([*told, *more])

    def write(self, folder: Path, file: LoadFile, intake: Intake, backfill: bool) -> Path:
        """Write them as JSON lines, whose records can be mended and sent; all of them or none."""
        folder.mkdir(parents=True, exist_ok=True)
        local = None if intake.timezone is None else ZoneInfo(intake.timezone)
        path = folder / f"{file.name}.jsonl"
        with private_files.replacing(path, synced=False) as written:
            for outcome in self._with_records(file, intake):
                written.write(line(outcome, backfill, local))
        return path

    def _with_records(self, file: LoadFile, intake: Intake) -> Iterator[Outcome]:
        ordered = pa.Table.from_batches(self._batches, OUTCOMES).sort_by("position")
        told = (outcome for batch in ordered.to_batches(_AT_ONCE) for outcome in batch.to_pylist())
        following = next(told, None)
        rows = Rows(file.batches(), file.rules(intake), zoned=intake.timezone is not None)
        for position, row in enumerate(rows):
            if following is None:
                return
            if position == following["position"]:
                yield _outcome(following, row.record)
                following = next(told, None)

    def _told(self) -> Iterator[Mapping[str, Any]]:
        for batch in self._batches:
            yield from batch.to_pylist()


def _outcome(told: Mapping[str, Any], record: Any) -> Outcome:
    problem = Problem(told["pointer"] or "", told["code"] or "", told["message"] or "")
    return Outcome(
        Status(told["status"]),
        told["position"],
        record,
        (problem,) if told["code"] else (),
        time=told["time"],
        unique_id=told["unique_id"],
    )
