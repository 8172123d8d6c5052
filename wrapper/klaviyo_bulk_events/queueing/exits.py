"""Closes the queues that are still open when the interpreter ends."""

import atexit
import contextlib
import sys
from collections.abc import Callable
from typing import Final, Protocol


class _Open(Protocol):
    def close(self) -> object: ...


_open: Final[set[_Open]] = set()


def opened(queue: _Open) -> None:
    """Close the queue at exit, unless that was done before; it is kept until then."""
    _open.add(queue)


def closed(queue: _Open) -> None:
    """Nothing is left to be done at exit."""
    _open.discard(queue)


def started_in_child(close: Callable[[], object]) -> None:
    """Close at the end of a process of multiprocessing, which runs nothing of atexit's."""
    multiprocessing = sys.modules.get("multiprocessing")
    if multiprocessing is not None and multiprocessing.parent_process() is not None:
        from multiprocessing.util import Finalize

        Finalize(None, close, exitpriority=10)


def _close_all() -> None:
    for queue in tuple(_open):
        # One that fails must not take the others with it.
        with contextlib.suppress(Exception):
            queue.close()


atexit.register(_close_all)
