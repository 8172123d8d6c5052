"""The benchmarks measure what they say."""

import importlib
import itertools
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import orjson
import pytest

ROOT = Path(__file__).parents[2]

Load = Callable[[str], ModuleType]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    monkeypatch.syspath_prepend(ROOT)
    return lambda name: importlib.import_module(f"benchmarks.{name}")


@contextmanager
def listening() -> Iterator[tuple[str, list[bytes]]]:
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(202)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", bodies
        finally:
            server.shutdown()


def test_every_way_sends_the_same_request(load: Load) -> None:
    """Every way sends the very events that the floor sends; a derived id is all that differs."""
    ways, rows = load("ways"), list(load("shop").rows(12, profiles=5))
    with listening() as (url, bodies), ways.all_ways(url) as every:
        for way in every.values():
            way(rows)
        sent = dict(zip(every, map(orjson.loads, bodies), strict=True))
    floor = sent[ways.FLOOR]
    expected = dict.fromkeys(sent, floor)
    assert without_ids(sent.pop(ways.DERIVED)) == without_ids(expected.pop(ways.DERIVED))
    assert sent == expected


def without_ids(document: object) -> object:
    if isinstance(document, dict):
        return {key: without_ids(v) for key, v in document.items() if key != "unique_id"}
    return [without_ids(v) for v in document] if isinstance(document, list) else document


@pytest.mark.parametrize("profiles", [250, 1_000])
def test_an_event_is_about_1_300_bytes(load: Load, profiles: int) -> None:
    """A request of 1,000 events has about 1.3 KB for each."""
    rows = load("shop").rows(1_000, profiles)
    assert len(orjson.dumps(load("forms").document(rows))) == pytest.approx(1_300_000, rel=0.15)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("speed", "x the floor"),
        ("memory", "difference"),
        ("queue", "microseconds: median"),
        ("startup", "more than import httpx"),
        ("limiter", "0 answered 429"),
        ("stream", "40,000 of 40,000 accepted"),
        ("arrow", "rows a second and core"),
        ("scale", "lanes, planned"),
    ],
)
def test_a_benchmark_runs(name: str, says: str) -> None:
    """Each benchmark, made quick, runs to its end and says its figure."""
    command = [sys.executable, "-m", "benchmarks", "--quick", name]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    assert says in finished.stdout


@pytest.mark.parametrize(
    ("requests", "seconds"),
    [(1, 0.2), (10, 0.2), (11, 1.4), (150, 17.0), (151, 60.4), (500_000, 200_651.6)],
)
def test_an_account_alone_takes_what_the_limits_say(
    load: Load, requests: int, seconds: float
) -> None:
    """Ten in a second and 150 in a minute, each counted until a window after its answer."""
    assert load("scale").alone(requests) == pytest.approx(seconds, abs=0.01)


def test_every_core_s_accounts_are_dealt_once(load: Load) -> None:
    """Planned or hashed; lanes take no longer than one account after the other."""
    scale = load("scale")
    requests = scale.requests_of([1 / n for n in range(1, 60)], 5_000_000)
    for deal in (scale.planned, scale.hashed):
        parts = deal(requests, 4)
        assert sorted(itertools.chain(*parts)) == sorted(requests)
        assert all(scale.lanes(part, 0.0) <= scale.one_by_one(part) + 1e-6 for part in parts)
