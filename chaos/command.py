"""Runs the real command, to its end or not."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from attrs import frozen

PROGRAM: Final = (sys.executable, "-m", "klaviyo_bulk_events")
INTERRUPTED: Final = (130, 143, -signal.SIGINT, -signal.SIGTERM)
"""Exit codes of a command that a signal ended; one that came when all was done is the last two."""
_PATIENCE: Final = 240.0
_OFTEN: Final = 0.005


@frozen
class Ended:
    """How a command ended; a negative code is that of the signal that ended it at once."""

    code: int
    output: str


class HungError(Exception):
    """The command did not end."""


@frozen
class Interruption:
    """A signal that is sent once it is time, if the command is still running then."""

    signal: signal.Signals
    is_time: Callable[[], bool]


def run(
    arguments: Sequence[str], folder: Path, url: str, interruption: Interruption | None = None
) -> Ended:
    """Run the command in a folder, against an emulator. Raises HungError."""
    environment = {**os.environ, "KLAVIYO_API_KEY": "pk_chaos", "KLAVIYO_BASE_URL": url}
    output = folder / "output.txt"
    with output.open("wb") as out:
        process = subprocess.Popen(
            (*PROGRAM, *arguments), cwd=folder, env=environment, stdout=out, stderr=out
        )
        try:
            if interruption is not None:
                _interrupt(process, interruption)
            code = process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            raise HungError(f"{' '.join(arguments)} did not end in {_PATIENCE:g} s") from None
        finally:
            process.kill()
            process.wait()
    return Ended(code, output.read_text(errors="replace"))


def _interrupt(process: "subprocess.Popen[bytes]", interruption: Interruption) -> None:
    while process.poll() is None:
        if interruption.is_time():
            process.send_signal(interruption.signal)
            return
        time.sleep(_OFTEN)


@cache
def has_journal() -> bool:
    """Whether the command can resume."""
    done = subprocess.run((*PROGRAM, "send", "--help"), capture_output=True, text=True, check=True)
    return "--journal" in done.stdout
