"""Why events were rejected or left open, and what was warned of, with a few examples each."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import orjson
from attrs import Factory, define, frozen

from klaviyo_bulk_events.outcomes import Outcome
from klaviyo_bulk_events.run_report.masking import (
    masked,
    masked_code,
    masked_origin,
    masked_pointer,
)

EXAMPLES: Final = 3
"""Examples kept of each reason."""

_REASONS: Final = 200
"""Reasons of which examples are kept: codes come from a server, too."""


@frozen
class Example:
    """Where a record came from, what its problem points at, and the problem in a sentence."""

    origin: str
    pointer: str
    message: str

    def as_dict(self) -> dict[str, str]:
        """Its fields, for JSON."""
        return {"origin": self.origin, "pointer": self.pointer, "message": self.message}


@define
class Reasons:
    """Keeps the first examples of every reason; `show_values` leaves personal data in them."""

    show_values: bool = False
    _kept: dict[tuple[str, str], list[Example]] = Factory(dict)

    def hear(self, outcome: Outcome) -> None:
        """Take the problem that an outcome counts under, and its warnings."""
        for problem in outcome.problems[:1]:
            status = outcome.status.value
            self._take(status, problem.code, problem.pointer, problem.message, outcome)
        for warning in outcome.warnings:
            self._take("warning", warning.code, warning.pointer, warning.message, outcome)

    def read(self, lines: Iterable[bytes], wanted: Mapping[str, int] | None = None) -> None:
        """Take lines of a rejects file, up to the examples that the `wanted` codes may have."""
        left = {code: min(count, EXAMPLES) for code, count in (wanted or {}).items()}
        for line in lines:
            self._read(orjson.loads(line), left)
            if wanted is not None and not left:
                return

    def _read(self, line: Mapping[str, Any], left: dict[str, int]) -> None:
        for problem in line["problems"][:1]:
            record, origin = line.get("record"), line.get("origin")
            code = problem["code"]
            said = (problem["pointer"], problem["message"])
            self._keep((line["status"], code), origin, *said, record)
            if code in left:
                left[code] -= 1
                if not left[code]:
                    del left[code]

    def _take(self, status: str, code: str, pointer: str, message: str, outcome: Outcome) -> None:
        self._keep((status, code), outcome.origin, pointer, message, outcome.record)

    def _keep(
        self, reason: tuple[str, str], origin: str | None, pointer: str, message: str, record: Any
    ) -> None:
        kept = self._kept.get(reason)
        if kept is None:
            if len(self._kept) >= _REASONS:
                return
            kept = self._kept[reason] = []
        if len(kept) < EXAMPLES:
            kept.append(self._example(origin or "", pointer, message, record))

    def _example(self, origin: str, pointer: str, message: str, record: Any) -> Example:
        if self.show_values:
            return Example(origin, pointer, message)
        said = masked_pointer(pointer, record), masked(message, record)
        return Example(masked_origin(origin), *said)

    def of(self, status: str, counts: Mapping[str, int]) -> Iterator[dict[str, Any]]:
        """The reasons that were counted, in plain JSON values, the most frequent first."""
        for code, count in sorted(counts.items(), key=lambda item: -item[1]):
            examples = self._kept.get((status, code), ())
            yield {
                "code": code if self.show_values else masked_code(code),
                "events": count,
                "examples": [example.as_dict() for example in examples],
            }

    def open(self, status: str) -> list[dict[str, Any]]:
        """The reasons of events that can be sent again, which nobody counts by reason."""
        return [
            {
                "code": code if self.show_values else masked_code(code),
                "examples": [example.as_dict() for example in examples],
            }
            for (kept, code), examples in self._kept.items()
            if kept == status
        ]
