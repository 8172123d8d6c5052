"""Axes: round numbers within a range, and where they stand."""

from collections.abc import Iterator
from typing import Final

from attrs import frozen

_SECONDS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600)
_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"))


@frozen
class Scale:
    """From values, 0 to `most`, to places, `start` to `end`."""

    most: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Where a value stands, to a tenth."""
        return round(self.start + (self.end - self.start) * value / self.most, 1)


def round_steps(most: float, count: int) -> Iterator[float]:
    """Round numbers from 0 to `most`, about so many."""
    step = _round_step(most / count)
    yield from _until(most, step)


def time_steps(most: float, count: int) -> Iterator[float]:
    """Seconds from 0 to `most` that a clock's reader finds round."""
    least = most / count
    step = next((step for step in _SECONDS if step >= least), None)
    yield from _until(most, step or 86_400 * _round_step(least / 86_400))


def time_label(seconds: float) -> str:
    """`0`, `30 s`, `5 min`, `1:30 h`, `2 d`."""
    if not seconds:
        return "0"
    for each, unit in _UNITS:
        if seconds >= each and not seconds % each:
            return f"{seconds / each:g} {unit}"
    if seconds >= 3_600:
        return f"{seconds // 3600:g}:{seconds % 3600 / 60:02.0f} h"
    return f"{seconds // 60:g}:{seconds % 60:02.0f} min" if seconds >= 60 else f"{seconds:g} s"


def short(value: float) -> str:
    """A number for an axis: `1,500`, `20k`, `1.5M`."""
    for each, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if value >= each:
            return f"{value / (1e3 if unit == 'k' else each):g}{unit}"
    return f"{value:,g}"


def _round_step(least: float) -> float:
    magnitude = 1.0
    while magnitude * 10 <= least:
        magnitude *= 10
    return next(magnitude * factor for factor in (1, 2, 5, 10) if magnitude * factor >= least)


def _until(most: float, step: float) -> Iterator[float]:
    at = 0.0
    while at <= most * 1.0001:
        yield at
        at += step
