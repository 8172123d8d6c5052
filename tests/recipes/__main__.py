"""Runs a recipe of docs/engines.md against an emulator: `python tests/recipes Ray`."""

import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from klaviyo_bulk_events.emulator import Running, Settings, running

PAGE = Path(__file__).parents[2] / "docs" / "engines.md"
FILES = 3
ROWS = 1_500
BAD = 7
"""This row of each file has a time that is none."""


def recipe(engine: str) -> str:
    """The block of code under the engine's heading."""
    found = re.search(
        rf"^## {re.escape(engine)}\n.*?```python\n(.*?)```", PAGE.read_text(), re.M | re.S
    )
    if not found:
        raise SystemExit(f"{PAGE} has no recipe for {engine}")
    return found[1]


def write_orders(folder: Path) -> None:
    folder.mkdir()
    for file in range(FILES):
        rows = [
            {
                "metric": "Ordered Product",
                "profile": {"external_id": str(number % 7)},
                "properties": f'{{"number": {number}, "file": {file}}}',
                "time": "yesterday" if number == BAD else "2025-05-05T12:00:00Z",
                "unique_id": f"order-{file}-{number}",
            }
            for number in range(ROWS)
        ]
        parquet.write_table(pa.Table.from_pylist(rows), folder / f"part-{file}.parquet")


def run(code: str, folder: Path, served: Running) -> str:
    settings = {
        "KLAVIYO_API_KEY": "pk_0123456789abcdef0123456789abcdef",
        "KLAVIYO_BASE_URL": served.url,
        "LIMITER": f"sqlite:///{folder}/limiter.db",
        "LEDGER": f"sqlite:///{folder}/chunks.db",
        "PYSPARK_PYTHON": sys.executable,
        "HOME": str(folder),  # where engines leave things
    }
    script = folder / "recipe.py"
    script.write_text(code)
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=folder,
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    sys.stdout.write(done.stdout)
    return done.stdout


def check(engine: str) -> None:
    """All good rows are there once, each bad one is counted, and a second run sends nothing."""
    code = recipe(engine)
    with tempfile.TemporaryDirectory() as name, running(Settings(seed=1)) as served:
        folder = Path(name)
        write_orders(folder / "orders")
        said = [run(code, folder, served) for _ in range(2)]
        answers = Counter(request.status for request in served.emulator.requests())
        accepted = sum(request.accepted for request in served.emulator.requests())
        events = served.emulator.events()
    good = FILES * (ROWS - 1)
    sys.stdout.write(f"{engine}: {answers}, {accepted:,} accepted of {good:,}\n")
    assert accepted == len({event.unique_id for event in events}) == len(events) == good
    assert answers.keys() == {202}
    assert all(numbers(text) >= {FILES, good} for text in said)
    assert answers[202] <= FILES * 2 + 2  # those of one run


def numbers(text: str) -> set[int]:
    return set(map(int, re.findall(r"\d+", text)))


if __name__ == "__main__":
    # That of nox lies in the environment, from where Ray's workers don't start.
    os.environ.pop("TMPDIR", None)
    check(sys.argv[1])
