"""What is wrong with one event, said so that its owner can mend it."""

import difflib
from collections.abc import Iterable
from typing import Final

from attrs import frozen

from klaviyo_bulk_events.errors import KlaviyoBulkEventsError

MANY: Final = 20


@frozen
class Problem:
    """One fault or one warning.

    `pointer` is a JSON pointer into the record, `code` a short stable name, `message` a sentence
    that never quotes the record's values (it may end up in a log).
    """

    pointer: str
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.pointer or '/'}: {self.message} [{self.code}]"


class RecordError(KlaviyoBulkEventsError, ValueError):
    """A record can't become an event; `problems` says why."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


def below(pointer: str, key: object) -> str:
    """The pointer to `key` inside what `pointer` points to (RFC 6901)."""
    return f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"


def unknown_fields(names: Iterable[object], known: Iterable[str], pointer: str = "") -> RecordError:
    """The error for misspelt fields, naming for each the field that was probably meant."""
    candidates = sorted(known)
    listed = sorted(names, key=str)[:MANY]
    return RecordError(*(_unknown(name, candidates, pointer) for name in listed))


def _unknown(name: object, known: list[str], pointer: str) -> Problem:
    meant = nearest(str(name), known)
    mend = f"did you mean {meant!r}?" if meant else f"known are {', '.join(known)}"
    return Problem(below(pointer, name), "unknown_field", f"there is no field {name!r}: {mend}")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` was probably meant to be: `Email` is `profile.email`."""
    spellings = {key: full for full in known for key in (full.rpartition(".")[2], full)}
    close = difflib.get_close_matches(name.lower().replace(" ", "_"), spellings, n=1)
    return spellings[close[0]] if close else None
