"""Processes that are forked off, and the interpreter's end."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from klaviyo_bulk_events import ConfigurationError, KlaviyoBulkEvents
from klaviyo_bulk_events.emulator import Running

from .conftest import FAST, KEY, Connect, Script, environment, eventually, held, ids, record

Kept = dict[str, Any]

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing is forked here"),
    # From 3.12 on Python says so of every fork beside threads: it is what is tested.
    pytest.mark.filterwarnings("ignore:This process:DeprecationWarning"),
]

BEGINNING = """
from klaviyo_bulk_events import KlaviyoBulkEvents
import os, sys, threading, time

def record(number):
    return {
        "metric": "Viewed Product",
        "profile": {"external_id": str(number % 7)},
        "properties": {"number": number},
        "unique_id": f"view-{number}",
    }

klaviyo = KlaviyoBulkEvents(rates=["1000/s"], timeout=5)
"""


def program(code: str, kept: Kept, options: str = "") -> str:
    spool = f"spool={str(kept['spool'])!r}," if kept else ""
    made = f"queue = klaviyo.queue(backfill=False, {spool} {options})\n"
    return BEGINNING + made + textwrap.dedent(code)


def forked(work: Callable[[], bool]) -> int:
    """A child that does this."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = int(not work())
        finally:
            os._exit(code)
    return child


def ended(child: int) -> int:
    """The exit code of a child."""
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def test_a_child_has_its_own(connect: Connect, emulated: Running, kept: Kept) -> None:
    """What the parent had is sent once, by it; what the child puts is sent, too."""
    queue = connect(max_age=60, **kept)
    for number in range(10):
        queue.put(record(number))

    def put_more() -> bool:
        for number in range(10, 15):
            queue.put(record(number))
        return queue.stats().put == 5 and (bool(kept) or queue.flush(10))

    assert ended(forked(put_more)) == 0
    assert queue.flush(10)
    assert eventually(lambda: held(emulated) == ids(15))
    assert queue.stats().put == 10


def test_forked_while_others_put(connect: Connect, emulated: Running, kept: Kept) -> None:
    """Whatever another thread holds at the moment of the fork, the child goes on."""
    queue = connect(max_age=0.01, **kept)
    children, each, count = 10, 20, 3_000

    def put(start: int, many: int) -> bool:
        for number in range(start, start + many):
            queue.put(record(number))
        return True

    thread = threading.Thread(target=put, args=(10_000, count))
    thread.start()
    for child in range(children):
        start = child * each

        def work(start: int = start) -> bool:
            return put(start, each) and queue.flush(20)

        assert ended(forked(work)) == 0
    thread.join()
    assert queue.flush(20)
    assert held(emulated) == ids(children * each) + ids(count, 10_000)


def test_a_child_of_a_closed_queue(connect: Connect, emulated: Running, kept: Kept) -> None:
    """What was closed before a fork takes nothing in the child, either."""
    queue = connect(max_age=60, **kept)
    queue.put(record(0))
    assert queue.close()

    def put() -> bool:
        with pytest.raises(ConfigurationError):
            queue.put(record(1))
        return queue.close() and queue.stats().put == 0

    assert ended(forked(put)) == 0
    assert held(emulated) == ids(1)


def test_a_childs_connections(emulated: Running) -> None:
    """A child sends on connections of its own, also by a plain `send`."""
    with KlaviyoBulkEvents(KEY, base_url=emulated.url, rates=FAST) as klaviyo:

        def send(start: int, count: int) -> bool:
            given = ([record(n, time="2026-01-01T00:00:00Z")] for n in range(start, start + count))
            return all(klaviyo.send(one, backfill=True).accepted == 1 for one in given)

        assert send(0, 1)
        child = forked(lambda: send(100, 30))
        assert send(1, 30)
        assert ended(child) == 0
    assert held(emulated) == ids(31) + ids(30, 100)


def test_a_child_that_uses_nothing(script: Script, emulated: Running, kept: Kept) -> None:
    """It ends at once, and sends nothing of what its parent has."""
    code = """
    queue.put(record(0))
    begun = time.monotonic()
    child = os.fork()
    if child == 0:
        sys.exit()
    os.waitpid(child, 0)
    assert time.monotonic() - begun < 5
    assert queue.stats().waiting == 1
    """
    done = script(program(code, kept, "max_age=60, exit_timeout=9"))
    assert done.returncode == 0, done.stderr
    assert held(emulated) == ids(1)


def test_at_exit(script: Script, emulated: Running, kept: Kept) -> None:
    """A program that just ends has sent all that it put."""
    done = script(program("for n in range(2_500): queue.put(record(n))", kept, "max_age=60"))
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert held(emulated) == ids(2_500)


def test_put_at_exit(script: Script, emulated: Running, kept: Kept) -> None:
    """What is put when the interpreter ends already, and no thread can start, is sent, too."""
    code = """
    import atexit
    atexit.register(lambda: [queue.put(record(n)) for n in range(3)])
    """
    done = script(program(code, kept))
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert held(emulated) == ids(3)


def test_put_at_exit_without_room(script: Script, emulated: Running, kept: Kept) -> None:
    """Where no thread can start, a put that waits for room makes some itself."""
    code = """
    import atexit
    atexit.register(lambda: [queue.put(record(n)) for n in range(5)])
    """
    done = script(program(code, kept, "max_events=1, max_age=0, when_full='block'"))
    assert done.returncode == 0, done.stderr
    assert held(emulated) == ids(5)


def test_exit_in_an_outage(script: Script, emulated: Running, kept: Kept) -> None:
    """Ending takes the time it may, and says what is left."""
    emulated.emulator.set_faults({"html_503": 1.0})
    code = program("for n in range(3): queue.put(record(n))", kept, "exit_timeout=0.5")
    begun = time.monotonic()
    done = script(code)
    assert time.monotonic() - begun < 15
    assert done.returncode == 0
    says = "3 events stay in the spool" if kept else "3 events were not sent"
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(tmp_path: Path, emulated: Running, kept: Kept, method: str) -> None:
    """Its processes run nothing of atexit's, and lose nothing all the same."""
    code = """
    import multiprocessing

    def work(start):
        for n in range(start, start + 10):
            queue.put(record(n))

    if __name__ == "__main__":
        context = multiprocessing.get_context(sys.argv[1])
        processes = [context.Process(target=work, args=(at,)) for at in (0, 10, 20)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
    """
    path = tmp_path / "program.py"
    path.write_text(program(code, kept, "max_age=60"))
    done = subprocess.run(
        [sys.executable, str(path), method],
        env=environment(emulated.url),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert held(emulated) == ids(30)


APPLICATION = """
def application(environ, start):
    query = environ["QUERY_STRING"]
    if query:
        queue.put(record(int(query)))
    start("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
"""


@contextmanager
def gunicorn(
    folder: Path, options: list[str], emulated: Running, stderr: int
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The application of `shop.py` under Gunicorn, which takes requests from the beginning."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        command = [sys.executable, "-m", "gunicorn", *options]
        with subprocess.Popen(
            [*command, "--bind", f"fd://{listening.fileno()}", "shop:application"],
            env=environment(emulated.url),
            cwd=folder,
            pass_fds=[listening.fileno()],
            stderr=stderr,
            text=True,
        ) as server:
            yield server, f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_gunicorn_with_preload(tmp_path: Path, emulated: Running, kept: Kept) -> None:
    """What workers put that were forked off a loaded application is sent once, to the last."""
    import httpx

    (tmp_path / "shop.py").write_text(program(APPLICATION, kept, "max_age=0.5"))
    options = ["--preload", "--workers", "3", "--threads", "2"]
    with gunicorn(tmp_path, options, emulated, stderr=subprocess.PIPE) as (server, url):
        try:
            workers = set()
            with httpx.Client(headers={"Connection": "close"}, timeout=30) as http:
                for number in range(200):
                    workers.add(http.get(f"{url}/?{number}").text)
        finally:
            server.send_signal(signal.SIGTERM)
            _, said = server.communicate(timeout=30)
    assert server.returncode == 0, said
    assert "Traceback" not in said
    assert len(workers) > 1
    assert held(emulated) == ids(200)


def test_gunicorn_with_killed_workers(connect: Connect, tmp_path: Path, emulated: Running) -> None:
    """With a spool, what a worker took before a kill -9 is sent once by another, or later."""
    import httpx

    kept = {"spool": tmp_path / "spool.db"}
    (tmp_path / "shop.py").write_text(program(APPLICATION, kept, "max_age=0.3"))
    taken = set()
    options = ["--preload", "--workers", "2"]
    with gunicorn(tmp_path, options, emulated, stderr=subprocess.DEVNULL) as (server, url):
        try:
            with httpx.Client(headers={"Connection": "close"}, timeout=30) as http:
                for number in range(150):
                    try:
                        worker = http.get(f"{url}/?{number}")
                    except httpx.HTTPError:
                        continue  # it was put or not, nobody knows
                    taken.add(f"view-{number}")
                    if number % 30 == 29:
                        os.kill(int(worker.text), signal.SIGKILL)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(30)
    # The last ones may have been taken by one that was killed, and those left never used it.
    assert connect(**kept).flush(20)
    came = held(emulated)
    assert len(taken) > 100
    assert taken <= came.keys()
    assert set(came.values()) == {1}
