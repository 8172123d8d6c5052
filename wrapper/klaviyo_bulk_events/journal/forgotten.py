"""The profiles that a run passes over: those that its journal was told to forget.

Of each there is a hash with the journal's salt, and nothing that says who it was.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Final

from klaviyo_bulk_events.decoder import profile_of
from klaviyo_bulk_events.encoder import Key
from klaviyo_bulk_events.journal.fingerprints import of_content
from klaviyo_bulk_events.journal.store import Store
from klaviyo_bulk_events.journal.trail import Trail
from klaviyo_bulk_events.json_form import JsonForm
from klaviyo_bulk_events.outcomes import Outcome, Status
from klaviyo_bulk_events.planner import nameless
from klaviyo_bulk_events.problems import FORGOTTEN
from klaviyo_bulk_events.profile_fields import identifiers_of, spelt
from klaviyo_bulk_events.repeats import Repeat
from klaviyo_bulk_events.set_aside import as_record

_NAME: Final = "forgotten"
_OPENINGS: Final = 1_024
_WORD: Final = re.compile(r"[^\s\"',;:=<>(){}\[\]]+")


def add(store: Store, identifier: str) -> None:
    """Have the profiles with this identifier passed over from now on, in a transaction."""
    salt = store.get("salt") or secrets.token_hex(16)
    before = store.get(_NAME) or []
    hashes = sorted({*before, _hash(identifier, bytes.fromhex(salt))})
    store.put(salt=salt, **{_NAME: hashes})


class Forgotten:
    """Knows the profiles again by the hashes of their identifiers."""

    def __init__(self, salt: bytes, hashes: Iterable[str]) -> None:
        self._salt = salt
        self._hashes = frozenset(hashes)
        # Customers come again.
        self.opens = lru_cache(_OPENINGS)(self._opens)

    @classmethod
    def of(cls, store: Store) -> "Forgotten | None":
        """Those of a journal; None if there are none, which costs its run nothing."""
        hashes = store.get(_NAME)
        return cls(bytes.fromhex(store.get("salt")), hashes) if hashes else None

    def _opens(self, opening: bytes) -> bool:
        """Whether these bytes open an entry of one of the profiles."""
        return self._know(identifiers_of(profile_of(opening)))

    def told(self, settled: Outcome) -> Outcome:
        """What may be told of a record that became no event: if it is theirs, not the record."""
        if settled.status is not Status.REJECTED or not self._know(_named_in(settled.record)):
            return settled
        return nameless(settled.position, settled.origin, FORGOTTEN)

    def _know(self, identifiers: Iterable[str]) -> bool:
        return any(_hash(identifier, self._salt) in self._hashes for identifier in identifiers)


class PassingOver:
    """Remembers events in a trail, and says which ones to pass over."""

    def __init__(self, trail: Trail, forgotten: Forgotten) -> None:
        self._trail = trail
        self._forgotten = forgotten

    def note(self, key: Key, data: bytes, opening: bytes, /) -> Repeat | None:
        """See `Memory`. By what it was, a record that is passed over is known again, too."""
        if not self._forgotten.opens(opening):
            return self._trail.note(key, data, opening)
        self._trail.note_rejected(of_content(data, opening))
        return Repeat.FORGOTTEN


def _hash(identifier: str, salt: bytes) -> str:
    text = spelt(identifier).encode(errors="surrogatepass")
    return hashlib.blake2b(text, key=salt, digest_size=16).hexdigest()


def _named_in(given: object) -> Iterable[str]:
    """Whom a record names; one that names nobody where it should may do so in any of its words."""
    record: Any = JsonForm().of(as_record(given))
    profile = record.get("profile")
    return identifiers_of(profile) if isinstance(profile, dict) else _words(record)


def _words(record: dict[str, Any]) -> Iterator[str]:
    left: list[Any] = [record]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            left += value.values()
        elif isinstance(value, list):
            left += value
        elif value is not None:
            yield str(value)
            yield from _WORD.findall(str(value))
