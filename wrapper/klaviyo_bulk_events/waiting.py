"""Records that wait for their account: few in memory, more on disk."""

import logging
import pickle
import tempfile
from collections import deque
from typing import IO, Final

from attrs import Factory, define

from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.planner import Record, Sourced
from klaviyo_bulk_events.problems import Problem

BLOCK: Final = 1_000
"""Records that are taken out, or written to disk, at a time: those of a full request."""
_SEGMENT: Final = 64_000_000
"""Bytes after which another file is begun, so that what was read makes room."""
_UNREADABLE: Final = Problem(
    "", "unreadable", "the record waited on disk for its account, and can't be read from there"
)

_log: Final = logging.getLogger("klaviyo_bulk_events")


def _unbuffered() -> IO[bytes]:
    """A file where what a full disk did not take is not tried again at every read."""
    return tempfile.TemporaryFile(buffering=0)


@define(eq=False)
class _Segment:
    """A file without a name: it is gone with the process, however that ends."""

    file: IO[bytes] = Factory(_unbuffered)
    size: int = 0
    blocks: int = 0


@define(eq=False)
class _Block:
    segment: _Segment
    start: int
    size: int
    records: int


@define(eq=False)
class _Queue:
    """An account's records: those read again are the oldest, then come those on disk."""

    read: deque[Record] = Factory(deque)
    on_disk: deque[_Block] = Factory(deque)
    in_memory: deque[Record] = Factory(deque)
    count: int = 0


class Waiting:
    """Keeps records by account, each account's in their order.

    Once there are `in_memory` records in all, those of the account that has most of them there go
    to disk, up to about `on_disk` bytes. Then it `is_full`, and takes more all the same. A record
    that can't be read from disk any more comes back as one that is faulty.
    """

    def __init__(self, in_memory: int, on_disk: int) -> None:
        self._most = in_memory
        self._most_bytes = on_disk
        self._queues: dict[str, _Queue] = {}
        self.in_memory = 0
        self._segment: _Segment | None = None
        self.bytes = 0

    @property
    def is_full(self) -> bool:
        """Whether no more should come before some are taken."""
        return self.in_memory >= max(1, self._most) and self.bytes >= self._most_bytes

    def count(self, account: str) -> int:
        """How many records wait for the account."""
        queue = self._queues.get(account)
        return queue.count if queue is not None else 0

    def accounts(self) -> list[str]:
        """The accounts that have records waiting, those with most of them first."""
        return sorted(self._queues, key=lambda account: -self._queues[account].count)

    def put(self, account: str, record: Record) -> None:
        """Keep a record. Raises ConfigurationError for one that can't go to disk, and OSError."""
        queue = self._queues.setdefault(account, _Queue())
        queue.in_memory.append(record)
        queue.count += 1
        self.in_memory += 1
        if self.in_memory > self._most and self.bytes < self._most_bytes:
            self._spill(max(self._queues.values(), key=_in_memory))

    def take(self, account: str) -> list[Record]:
        """The oldest records of the account: a block of them, or all."""
        queue = self._queues[account]
        records: list[Record] = []
        while len(records) < BLOCK and queue.count:
            if queue.on_disk and not queue.read:
                queue.read.extend(self._read(queue.on_disk.popleft()))
                self.in_memory += len(queue.read)
            taken = _oldest(queue.read or queue.in_memory, BLOCK - len(records))
            queue.count -= len(taken)
            self.in_memory -= len(taken)
            records += taken
        if not queue.count:
            del self._queues[account]
        return records

    def _spill(self, queue: _Queue) -> None:
        if queue.read:
            queue.on_disk.appendleft(self._write(list(queue.read)))
            self.in_memory -= len(queue.read)
            queue.read.clear()
        while queue.in_memory:
            records = _oldest(queue.in_memory, BLOCK)
            try:
                queue.on_disk.append(self._write(records))
            except Exception:
                queue.in_memory.extendleft(reversed(records))
                raise
            self.in_memory -= len(records)

    def _write(self, records: list[Record]) -> _Block:
        try:
            data = pickle.dumps(records, pickle.HIGHEST_PROTOCOL)
        except Exception as error:  # whatever an object in a record makes of it
            kind = type(error).__name__
            message = "a record can't be kept on disk while its account is slow, for"
            raise ConfigurationError(f"{message} it can't be pickled: {kind}") from None
        if self._segment is None or self._segment.size >= _SEGMENT:
            self._segment = _Segment()
        segment, start = self._segment, self._segment.size
        segment.file.seek(start)
        left = memoryview(data)
        while left:
            left = left[segment.file.write(left) :]
        segment.size += len(data)
        segment.blocks += 1
        self.bytes += len(data)
        return _Block(segment, start, len(data), len(records))

    def _read(self, block: _Block) -> list[Record]:
        segment = block.segment
        try:
            segment.file.seek(block.start)
            # Nobody but this process can have written to a file without a name.
            records: list[Record] = pickle.loads(segment.file.read(block.size))  # noqa: S301 - our own
        except Exception:  # of the disk, or of an object that can be pickled one way only
            _log.exception("%d records that waited on disk can't be read", block.records)
            records = [Sourced({}, "", _UNREADABLE)] * block.records
        self.bytes -= block.size
        segment.blocks -= 1
        if not segment.blocks:
            self._let_go(segment)
        return records

    def _let_go(self, segment: _Segment) -> None:
        segment.file.close()
        if segment is self._segment:
            self._segment = None


def _in_memory(queue: _Queue) -> int:
    return len(queue.read) + len(queue.in_memory)


def _oldest(records: deque[Record], most: int) -> list[Record]:
    return [records.popleft() for _ in range(min(most, len(records)))]
