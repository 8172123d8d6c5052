"""What users get: the wheel's names, and what importing costs."""

import subprocess
import sys
from importlib import metadata

import klaviyo_bulk_events

HEAVY = ("httpx", "click", "rich", "duckdb", "starlette", "uvicorn", "jsonschema_rs", "numpy")


def test_the_wheel_installs_three_packages() -> None:
    """No `tests`, no `openapi_client` in anybody's site-packages."""
    files = metadata.files("klaviyo-bulk-events")
    assert files is not None
    names = {file.parts[0] for file in files if file.suffix == ".py" or file.name == "py.typed"}
    assert names - {"_klaviyo_bulk_events.pth"} <= {
        "klaviyo_bulk_events",
        "klaviyo_bulk_events_api",
        "pyspark_klaviyo",
    }


def test_the_version_is_the_distributions() -> None:
    """`__version__` is what pip shows."""
    assert klaviyo_bulk_events.__version__ == metadata.version("klaviyo-bulk-events")


def test_everything_public_is_there_and_documented() -> None:
    """`__all__` names things that exist and say what they are."""
    for name in klaviyo_bulk_events.__all__:
        thing = getattr(klaviyo_bulk_events, name)
        assert thing.__doc__, name


def test_importing_waits_for_nothing_heavy() -> None:
    """Not for the extras, and not for httpx before a client is asked for."""
    code = "import sys, klaviyo_bulk_events; print(*sys.modules)"
    listed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert set(HEAVY).isdisjoint(listed.stdout.split())


def test_a_blocking_client_waits_for_nothing_else() -> None:
    """Asyncio takes longer to import than all of the package, and the models nearly as long."""
    code = "import sys; from klaviyo_bulk_events import KlaviyoBulkEvents; print(*sys.modules)"
    listed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    heavy = {"asyncio", "sqlite3", "redis", "klaviyo_bulk_events_api.models"}
    assert heavy.isdisjoint(listed.stdout.split())


def test_the_command_teaches() -> None:
    """`python -m` and the script are the same command."""
    shown = subprocess.run(
        [sys.executable, "-m", "klaviyo_bulk_events", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert {"send", "check", "emulate", "demo"} <= set(shown.stdout.split())
