"""A process that is killed outright while it sends."""

import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from klaviyo_bulk_events.emulator import Running

ROOT = Path(__file__).parents[1]


def killed_after(requests: int, command: Sequence[str], emulated: Running) -> int:
    """Start it, and kill it once the emulator has had so many requests; how many it had."""
    with subprocess.Popen(command, cwd=ROOT) as process:
        while len(emulated.emulator.requests()) < requests and process.poll() is None:
            time.sleep(0.01)
        assert process.poll() is None
        process.kill()
    return len(emulated.emulator.requests())
