"""What workers import: credentials, and faults that befall tasks."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from klaviyo_bulk_events.arrow.file_store import FileStore
from klaviyo_bulk_events.arrow.store import ChunkName
from klaviyo_bulk_events.errors import JournalError

FOLDER = "KLAVIYO_TEST_FOLDER"
KEYS = {f"shop-{number}": f"pk_{number:032}" for number in range(40)}


def befall(folder: Path, **fault: Any) -> None:
    """From now on tasks are befallen by this, and by nothing else.

    killed_after: requests that the emulator has, for each attempt, when the process is killed.
    entries: how many the ledger takes, and is out of reach then.
    broken: rows that `breaks_at` names break the task, once the emulator has so many requests.
    slow: seconds that every hundredth row takes from the one on that `slow_from` names.
    attempts: only those below this number are befallen.
    """
    (folder / "fault.json").write_text(json.dumps(fault))


def token(account: str) -> str:
    """The account's credential; whoever asks for it may be befallen by a fault."""
    fault = _fault()
    if "killed_after" in fault and _attempt() < fault["attempts"]:
        requests = fault["killed_after"] * (_attempt() + 1)
        threading.Thread(target=_die, args=(fault["url"], requests), daemon=True).start()
    FileStore.append = _append  # type: ignore[method-assign]
    return KEYS[account]


def _fault() -> dict[str, Any]:
    fault: dict[str, Any] = json.loads((Path(os.environ[FOLDER]) / "fault.json").read_text())
    return fault


def _attempt() -> int:
    from pyspark import TaskContext

    context = TaskContext.get()
    assert context is not None
    return int(context.attemptNumber())


def _die(url: str, requests: int) -> None:
    """Be killed outright once the emulator has so many requests."""
    _wait(url, requests)
    os.kill(os.getpid(), signal.SIGKILL)


def _wait(url: str, requests: int) -> None:
    while True:
        with urlopen(f"{url}/emulator/summary") as answer:
            if json.load(answer)["requests"] >= requests:
                return
        time.sleep(0.03)


def breaks_at(number: int) -> Callable[[int], int]:
    """A function that gives back what it is given, but for this number."""

    def breaking(given: int) -> int:
        if given == number:
            fault = _fault()
            if "broken" in fault and _attempt() < fault["attempts"]:
                _wait(fault["url"], fault["broken"])
                raise OSError("the task is broken")
        return given

    return breaking


def slow_from(number: int) -> Callable[[int], int]:
    """A function that gives back what it is given, and notes which attempts come to this number."""

    def slow(given: int) -> int:
        fault = _fault() if given % 100 == 0 else {}
        if given == number:
            with (Path(os.environ[FOLDER]) / "attempts").open("a") as file:
                file.write(f"{_attempt()}\n")
        if given >= number and "slow" in fault and _attempt() < fault["attempts"]:
            time.sleep(fault["slow"] if given < number + 2_000 else 0)
        return given

    return slow


_real_append = FileStore.append
_appended = 0


def _append(self: FileStore, name: ChunkName, at: int, entry: bytes) -> bool:
    global _appended
    fault = _fault()
    if "entries" in fault and _attempt() < fault["attempts"]:
        _appended += 1
        if _appended > fault["entries"]:
            raise JournalError("the ledger is out of reach")
    return _real_append(self, name, at, entry)
