"""Each extra alone installs and works; without it, what is missing is said."""

import subprocess
from pathlib import Path

import pytest

from tests.package.conftest import Make

RECORD = (
    '{"metric": "Active", "profile": {"email": "ada@shop.org"}, "time": "2026-01-02T03:04:05Z"}'
)
SENDING = f"""
import httpx
from klaviyo_bulk_events import KlaviyoBulkEvents

transport = httpx.MockTransport(lambda request: httpx.Response(202))
with KlaviyoBulkEvents("pk_any", transport=transport) as klaviyo:
    assert klaviyo.send([{RECORD}], backfill=True).accepted == 1
"""
ARROW = """
from klaviyo_bulk_events.arrow import OUTCOMES
import pyarrow

assert isinstance(OUTCOMES, pyarrow.Schema)
"""
COMMAND = f"""
import pathlib, sys
from klaviyo_bulk_events.__main__ import main

pathlib.Path("one.jsonl").write_text('{RECORD}')
sys.argv = ["klaviyo-bulk-events", "check", "one.jsonl", "--backfill"]
main()
"""
EMULATOR = """
from klaviyo_bulk_events.emulator import running
import httpx

with running() as emulated:
    assert httpx.get(f"{emulated.url}/emulator/summary").json()["requests"] == 0
"""
REDIS = """
from klaviyo_bulk_events import KlaviyoBulkEvents

KlaviyoBulkEvents("pk_any", limiter="redis://127.0.0.1:1").close()
"""
SQL = """
from klaviyo_bulk_events.sources import Rules, query_source

query = "select 'Active' as metric, 'ada@shop.org' as \\"profile.email\\""
assert len(list(query_source(query, Rules()))) == 1
"""
TESTING = """
from klaviyo_bulk_events.testing import KlaviyoEmulator

KlaviyoEmulator().assert_received()
"""
WORKS = {
    "": SENDING,
    "arrow": ARROW,
    "cli": COMMAND,
    "emulator": EMULATOR,
    "redis": REDIS,
    "sql": SQL,
    "testing": TESTING,
}
FROM_COMMAND = """
import pathlib, sys
from klaviyo_bulk_events.__main__ import main

pathlib.Path("one.parquet").write_bytes(b"PAR1")
pathlib.Path("one.jsonl.zst").write_bytes(b"")
sys.argv = ["klaviyo-bulk-events", *{arguments}]
main()
"""


@pytest.mark.parametrize("extra", WORKS)
def test_an_extra_works_alone(environment: Make, extra: str) -> None:
    """All that it needs comes with it."""
    ran = environment(extra).run("-W", "error", "-c", WORKS[extra])
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("extra", [name for name in WORKS if name])
def test_without_its_extra_a_feature_says_what_is_missing(environment: Make, extra: str) -> None:
    named = {"testing": "emulator"}.get(extra, extra)  # its other half is pytest
    ran = environment("").run("-c", WORKS[extra])
    assert ran.returncode != 0
    assert f"pip install 'klaviyo-bulk-events[{named}]'" in ran.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (["emulate"], "emulator"),
        (["demo"], "emulator"),
        (["check", "one.parquet", "--backfill"], "sql"),
        (["check", "--sql", "select 1", "--backfill"], "sql"),
        (["send", "one.jsonl.zst", "--backfill", "--limiter", "redis://127.0.0.1:1"], "redis"),
    ],
)
def test_the_command_says_what_else_it_needs(
    environment: Make, arguments: list[str], extra: str
) -> None:
    """With its own extra alone: a sentence and no traceback."""
    code = FROM_COMMAND.format(arguments=arguments)
    ran = environment("cli").run("-c", code, KLAVIYO_API_KEY="pk_any")
    assert ran.returncode == 2
    assert f"pip install 'klaviyo-bulk-events[{extra}]'" in " ".join(ran.stderr.split())
    assert "Traceback" not in ran.stderr


def test_the_fixture_says_what_is_missing(environment: Make, tmp_path: Path) -> None:
    """The plugin is found without the extra too, and pytest goes on for all other tests."""
    made = environment("cli")
    subprocess.run(["uv", "pip", "install", "-q", "-p", made.python, "pytest"], check=True)
    (tmp_path / "pytest.ini").write_text("[pytest]")
    (tmp_path / "test_it.py").write_text("def test_a(klaviyo_emulator): ...\ndef test_b(): ...\n")
    ran = made.run("-m", "pytest", "-q", cwd=tmp_path)
    assert "1 passed, 1 error" in ran.stdout
    assert "pip install 'klaviyo-bulk-events[testing]'" in ran.stdout
