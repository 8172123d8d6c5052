"""Bytes out of files, compressed or not, and out of standard input."""

import gzip
import io
import os
import stat
import sys
import zlib
from typing import Any, BinaryIO, Final, Protocol, cast

from klaviyo_bulk_events.errors import ConfigurationError

STDIN: Final = "-"
_PART: Final = 1 << 16
_MAGIC: Final = {b"\x1f\x8b": ".gz", b"\x28\xb5\x2f\xfd": ".zst"}


class _Bytes(Protocol):
    def read1(self, size: int, /) -> bytes: ...


class BrokenOffError(Exception):
    """A source can't be read any further; the text says why."""


class Stream:
    """The bytes of a source, in parts, and how far they were read.

    Raises ConfigurationError for what can't be opened.
    """

    def __init__(self, path: str) -> None:
        self._file = _open(path)
        self._is_stdin = path == STDIN
        size = os.fstat(self._file.fileno())
        self._size = size.st_size if stat.S_ISREG(size.st_mode) else 0
        start = cast(Any, self._file).peek(4)[:4]
        packed = next((suffix for magic, suffix in _MAGIC.items() if start.startswith(magic)), "")
        self._bytes, self._errors = _unpacked(self._file, packed)
        self.opens_again = bool(self._size) and not self._is_stdin

    def read(self) -> bytes:
        """The next bytes; none at the end. Raises BrokenOffError."""
        try:
            return self._bytes.read1(_PART)
        except EOFError:
            raise BrokenOffError("the file was cut off: its compressed data has no end") from None
        except self._errors as error:
            raise BrokenOffError(f"the file is damaged: {error}") from None

    def share(self) -> float | None:
        """How much was read, 0 to 1; None where the size isn't known."""
        if not self._size:
            return None
        return 1.0 if self._file.closed else min(1.0, self._file.tell() / self._size)

    def close(self) -> None:
        """Close the file; standard input stays open."""
        if not self._is_stdin:
            self._file.close()


def _open(path: str) -> BinaryIO:
    if path == STDIN:
        return _standard_input()
    try:
        return open(path, "rb")
    except FileNotFoundError:
        raise ConfigurationError(f"there is no file {path}") from None
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error.strerror}") from None


def _standard_input() -> BinaryIO:
    if sys.stdin is None:  # as Python has it for a process that was started without one
        raise ConfigurationError("standard input is closed: there is nothing to read")
    return sys.stdin.buffer


def _unpacked(file: BinaryIO, packed: str) -> tuple[_Bytes, tuple[type[Exception], ...]]:
    """The content, and what reading it raises when it is damaged."""
    if packed == ".gz":
        return gzip.GzipFile(fileobj=file), (OSError, zlib.error)
    if packed == ".zst":
        return _zstd(file)
    return cast(_Bytes, file), (OSError,)


def _zstd(file: BinaryIO) -> tuple[_Bytes, tuple[type[Exception], ...]]:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        try:
            from backports import zstd
        except ImportError:
            raise ConfigurationError(
                "reading .zst needs backports.zstd: pip install 'klaviyo-bulk-events[cli]'"
            ) from None
    return zstd.ZstdFile(cast(io.BufferedReader, file)), (OSError, zstd.ZstdError)
