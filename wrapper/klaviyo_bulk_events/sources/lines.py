"""The lines of a text source, as bytes with their numbers."""

import codecs
from collections.abc import Iterator
from typing import Final, NamedTuple

from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.planner import Sourced
from klaviyo_bulk_events.problems import Problem
from klaviyo_bulk_events.sources.streams import BrokenOffError, Stream

LONGEST: Final = 32_000_000
"""Bytes of a line that are kept: an event of 5 MB whose every character is escaped fits."""

_OTHER_MARKS: Final = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
_TOO_LONG: Final = Problem(
    "", "line_too_long", f"the line is longer than {LONGEST:,} bytes; the rest of it was let go"
)


class Line(NamedTuple):
    """A line without its end, numbered from 1; `problem` where it could not be read whole."""

    number: int
    data: bytes
    problem: Problem | None = None

    def rejected(self, name: str, problem: Problem) -> Sourced:
        """The line as a record that could not be read."""
        text = self.data.decode(errors="replace")
        return Sourced({"line": text}, f"{name}:{self.number}", problem)


class Lines:
    """Reads a source line by line, without a UTF-8 byte order mark.

    Where it breaks off, the last line is what there was of it, with the problem. Raises
    ConfigurationError for a source that is empty or in another encoding, when it is made.
    """

    def __init__(self, path: str, name: str) -> None:
        self.name = name
        self._path = path
        self._stream = Stream(path)
        self.opens_again = self._stream.opens_again
        self.share = self._stream.share
        try:
            self.start = self._read_start()
            """The first bytes."""
        except ConfigurationError:
            self.close()
            raise

    def pause(self) -> None:
        """Close what can be opened again: there may be more files than may be open at once."""
        if self.opens_again:
            self.close()

    def again(self) -> "Lines":
        """The lines from the start."""
        return Lines(self._path, self.name) if self.opens_again else self

    def close(self) -> None:
        """Close the file; standard input stays open."""
        self._stream.close()

    def _read_start(self) -> bytes:
        start = b""
        try:
            while len(start) < 4 and (part := self._stream.read()):
                start += part
        except BrokenOffError as error:
            if not start:
                raise ConfigurationError(f"{self.name} can't be read: {error}") from None
        _check_encoding(self.name, start)
        start = start.removeprefix(codecs.BOM_UTF8)
        if not start:
            raise ConfigurationError(f"{self.name} is empty: there is nothing in it to read")
        return start

    def __iter__(self) -> Iterator[Line]:
        number = 0
        rest = bytearray()
        lost = False
        try:
            for part in self._parts():
                first, *others = part.split(b"\n")
                lost |= len(rest) + len(first) > LONGEST
                rest += first[: LONGEST - len(rest)]
                for other in others:
                    number += 1
                    yield _line(number, bytes(rest), lost)
                    rest, lost = bytearray(other), False
        except BrokenOffError as error:
            message = f"{error}; every line before this one was read, what follows is lost"
            yield Line(number + 1, bytes(rest), Problem("", "source_broken_off", message))
            return
        if rest:
            yield _line(number + 1, bytes(rest), lost)

    def _parts(self) -> Iterator[bytes]:
        part = self.start
        while part:
            yield part
            part = self._stream.read()


def _line(number: int, data: bytes, lost: bool) -> Line:
    return Line(number, data.removesuffix(b"\r"), _TOO_LONG if lost else None)


def _check_encoding(name: str, start: bytes) -> None:
    encoding = next((e for mark, e in _OTHER_MARKS.items() if start.startswith(mark)), None)
    if encoding is None and b"\0" in start[:4]:
        encoding = "UTF-16, or no text"
    if encoding is not None:
        raise ConfigurationError(
            f"{name} is {encoding}, not UTF-8: convert it first (iconv -f UTF-16 -t UTF-8)"
        )
