"""CSV: rows under a header, each of which may break without breaking the others."""

import csv
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.planner import Sourced
from klaviyo_bulk_events.problems import Problem
from klaviyo_bulk_events.sources.lines import Line, Lines
from klaviyo_bulk_events.sources.rules import Rules
from klaviyo_bulk_events.sources.table import Table

_LARGEST_CELL: Final = 10_000_000
"""Characters: a larger cell is a quote that was never closed; no event is that large."""

_NOT_UTF8: Final = Problem("", "not_utf8", "the row is not UTF-8: convert the file first")


class CsvSource:
    """The rows of CSV lines.

    Raises ConfigurationError for a header that can't be read or placed.
    """

    def __init__(self, lines: Lines, rules: Rules) -> None:
        self.name = lines.name
        self._lines = lines
        self._rows = _Rows(lines)
        self._header = self._rows.header()
        self._table = Table(self.name, self._header, rules)
        lines.pause()

    def __iter__(self) -> Iterator[Sourced]:
        if self._lines.opens_again:
            self._lines = self._lines.again()
            self._rows = _Rows(self._lines)
            self._rows.header()
        try:
            for row in self._rows:
                yield self._sourced(row) if isinstance(row, _Row) else row
        finally:
            self._lines.close()

    def share(self) -> float | None:
        """How much was read, 0 to 1; None where the size isn't known."""
        return self._lines.share()

    def _sourced(self, row: "_Row") -> Sourced:
        if row.problem is None and len(row.cells) != len(self._header):
            message = f"the row has {len(row.cells)} cells and the header {len(self._header)}"
            return row.line.rejected(self.name, Problem("", "wrong_number_of_cells", message))
        if row.problem is not None:
            return row.line.rejected(self.name, row.problem)
        cells = [cell or None for cell in row.cells]
        return self._table.sourced(cells, f"{self.name}:{row.line.number}")


class _Row:
    """The cells of a row, and the line or lines it stood in."""

    __slots__ = ("cells", "line", "problem")

    def __init__(self, cells: Sequence[str], lines: Sequence[Line], problem: Problem | None):
        self.cells = cells
        self.problem = problem
        first = lines[0]
        self.line = first if len(lines) == 1 else _together(lines)


def _together(lines: Sequence[Line]) -> Line:
    return Line(lines[0].number, b"\n".join(line.data for line in lines))


class _Rows:
    """Reads rows out of lines.

    A quote that is never closed takes in the lines after it: when that shows, only its first line
    is rejected and the others are read again.
    """

    def __init__(self, lines: Lines) -> None:
        csv.field_size_limit(_LARGEST_CELL)
        self._name = lines.name
        self._fresh = iter(lines)
        self._again: deque[Line] = deque()
        self._taken: list[Line] = []
        self._unreadable: Line | None = None
        self._problem: Problem | None = None
        self._reader = csv.reader(_Feed(self._next_text), strict=True)

    def header(self) -> list[str]:
        """The first row. Raises ConfigurationError."""
        row = next(iter(self), None)
        if row is None:
            raise ConfigurationError(f"{self._name} is empty: there is nothing in it to read")
        problem = row.problem
        if problem is not None or isinstance(row, Sourced):
            message = problem.message if problem else "it can't be read"
            raise ConfigurationError(f"the header of {self._name} is broken: {message}")
        return [cell.strip() for cell in row.cells]

    def __iter__(self) -> Iterator["_Row | Sourced"]:
        while True:
            self._taken.clear()
            self._problem = None
            try:
                cells = next(self._reader)
            except StopIteration:
                if self._unreadable is None:
                    return
                yield self._let_go(self._unreadable)
            except csv.Error as error:
                yield self._first_rejected(str(error))
            else:
                if cells:
                    yield _Row(cells, self._taken, self._problem)

    def _next_text(self) -> str:
        line = self._again.popleft() if self._again else next(self._fresh)
        if line.problem is not None:
            self._unreadable = line
            raise StopIteration
        self._taken.append(line)
        try:
            return line.data.decode() + "\n"
        except UnicodeDecodeError:
            self._problem = _NOT_UTF8
            return line.data.decode(errors="replace") + "\n"

    def _let_go(self, line: Line) -> Sourced:
        self._unreadable = None
        assert line.problem is not None  # noqa: S101 - what made it unreadable
        return line.rejected(self._name, line.problem)

    def _first_rejected(self, reason: str) -> Sourced:
        first, *others = self._taken
        if self._unreadable is not None:
            others.append(self._unreadable)
            self._unreadable = None
        self._again.extendleft(reversed(others))
        return first.rejected(self._name, Problem("", "not_csv", f"this is no CSV: {reason}"))


class _Feed:
    """An iterator that may go on after its end, which a generator can't."""

    def __init__(self, following: Callable[[], str]) -> None:
        self._following = following

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        return self._following()
