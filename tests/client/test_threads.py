"""Threads that carry out calls."""

import os
import subprocess
import sys
import threading

import pytest

from klaviyo_bulk_events import threads

_FORK = """
import os
from klaviyo_bulk_events import threads

assert threads.submit(int).result(5) == 0
child = os.fork()
if child == 0:
    os._exit(threads.submit(int, "7").result(5))
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
"""


def test_threads_are_used_again() -> None:
    """Call after call needs hardly more than one thread."""
    used = {threads.submit(threading.get_ident).result(5) for _ in range(200)}

    assert len(used) < 50


def test_no_call_waits_for_another() -> None:
    """However many there are at once, each has a thread."""
    meeting = threading.Barrier(60)
    calls = [threads.submit(meeting.wait, 10) for _ in range(60)]

    assert sorted(call.result(10) for call in calls) == list(range(60))


def test_what_is_raised_is_the_result() -> None:
    """A call that raises costs no thread."""
    assert isinstance(threads.submit(int, "x").exception(5), ValueError)
    assert threads.submit(int, "5").result(5) == 5


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_has_threads_of_its_own() -> None:
    """A process that was forked off waits for none of those that stayed behind."""
    subprocess.run([sys.executable, "-c", _FORK], check=True, timeout=30)
