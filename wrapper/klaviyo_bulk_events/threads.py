"""Threads that carry out calls and wait for the next: to start one takes as long as to send."""

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

_MORE_THAN_ANYBODY_USES: Final = 1_000_000
# By process: a fork has none of the threads of the one before.
_pools: Final[dict[int, ThreadPoolExecutor]] = {}

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


def submit(
    call: Callable[_Arguments, _Result], *args: _Arguments.args, **kwargs: _Arguments.kwargs
) -> Future[_Result]:
    """Carry out a call in a thread that is idle, or else in a new one: no call waits for another.

    How many there are is for the callers to limit.
    """
    pool = _pools.get(os.getpid())
    if pool is None:
        new = ThreadPoolExecutor(_MORE_THAN_ANYBODY_USES, thread_name_prefix="klaviyo")
        pool = _pools.setdefault(os.getpid(), new)
    return pool.submit(call, *args, **kwargs)
