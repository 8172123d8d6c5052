"""Starting a journal, and going on with one."""

import os
import secrets
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import orjson

from klaviyo_bulk_events.endpoint import Endpoint
from klaviyo_bulk_events.errors import JournalError
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.journal.chunks import Chunks
from klaviyo_bulk_events.journal.files import Lock
from klaviyo_bulk_events.journal.identity import differences, identity
from klaviyo_bulk_events.journal.ledger import JournalLedger
from klaviyo_bulk_events.journal.store import Store, purged
from klaviyo_bulk_events.times import zone
from klaviyo_bulk_events.version import __version__


def opened(
    journal: str | os.PathLike[str],
    source: Mapping[str, object],
    endpoint: Endpoint,
    intake: Intake,
    backfill: bool | None,
    *,
    about: Mapping[str, object] | None = None,
) -> JournalLedger:
    """The journal of this run, locked. Raises JournalError."""
    path = Path(journal)
    local = zone(intake.timezone) if intake.timezone else None
    with ExitStack() as undo:
        lock = Lock(path)
        undo.callback(lock.release)
        store = Store(path)
        undo.callback(store.close)
        claim = _claim(store, endpoint, intake, backfill, dict(source))
        _begin(store, claim | ({"about": dict(about)} if about else {}))
        chunks = Chunks(store, path)
        undo.callback(chunks.close)
        ledger = JournalLedger(store, chunks, lock, backfill=backfill, local=local)
        undo.pop_all()
    return ledger


def _claim(
    store: Store,
    endpoint: Endpoint,
    intake: Intake,
    backfill: bool | None,
    source: dict[str, Any],
) -> dict[str, Any]:
    """What makes a new journal this run's; nothing where it is that already."""
    if store.get("purged"):
        raise purged(store.path)
    salt = store.get("salt") or secrets.token_hex(16)
    now = orjson.loads(orjson.dumps(identity(endpoint, intake, backfill, source, salt)))
    before = store.get("identity")
    if before is None:
        return {
            "salt": salt,
            "identity": now,
            "started": time.time(),
            "version": __version__,
            "backfill": backfill,
        }
    if other := differences(before, now):
        raise JournalError(
            f"the journal {store.path} is that of another run; what differs: {'; '.join(other)}. "
            "Give this run a journal of its own"
        )
    return {}


def _begin(store: Store, claim: dict[str, Any]) -> None:
    with store.writing():
        # Written early, and read again with the records that they are about.
        store.execute(
            "DELETE FROM set_aside WHERE chunk IS NULL AND position >= ?",
            (store.get("reached") or 0,),
        )
        store.put(complete=store.get("complete"), **claim)
