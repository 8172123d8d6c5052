"""What is wrong with one event, said so that its owner can mend it."""

from collections.abc import Iterable
from typing import Final

from attrs import frozen

from klaviyo_bulk_events.errors import KlaviyoBulkEventsError

MANY: Final = 20
"""How many problems of one event are told; its owner has enough to mend by then."""

_NAME_LENGTH: Final = 100


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


FORGOTTEN: Final = Problem(
    "/profile",
    "forgotten",
    "the journal was told to forget its profile (purge --forget): it was not sent",
)
FORGOTTEN_IN_FLIGHT: Final = Problem(
    "/profile",
    "forgotten_in_flight",
    "the journal was told to forget its profile while it was in flight: Klaviyo may have recorded "
    "it, and it is not sent again",
)


class RecordError(KlaviyoBulkEventsError, ValueError):
    """A record can't become an event; `problems` says why."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


def below(pointer: str, key: object) -> str:
    """The pointer to `key` inside what `pointer` points to (RFC 6901); a long key is cut."""
    return f"{pointer}/{printable(key).replace('~', '~0').replace('/', '~1')}"


def unknown_fields(names: Iterable[object], known: Iterable[str], pointer: str = "") -> RecordError:
    """The error for misspelt fields, naming for each the field that was probably meant."""
    candidates = sorted(known)
    listed = sorted(names, key=printable)[:MANY]
    return RecordError(*(_unknown(name, candidates, pointer) for name in listed))


def missing_field(name: str) -> RecordError:
    """The error for a field that every event needs."""
    return RecordError(Problem(f"/{name}", "missing_field", f"{name} must be given"))


def _unknown(name: object, known: list[str], pointer: str) -> Problem:
    shown = printable(name)
    meant = nearest(shown, known)
    mend = f"did you mean {meant!r}?" if meant else f"known are {', '.join(known)}"
    return Problem(below(pointer, name), "unknown_field", f"there is no field {shown!r}: {mend}")


def printable(name: object) -> str:
    """A name that fits into a log, and can be encoded: half a surrogate pair can't."""
    try:
        text = str(name)
    except Exception:  # a very long integer has no text, and a key may be of any class
        text = type(name).__name__
    short = text if len(text) <= _NAME_LENGTH else f"{text[:_NAME_LENGTH]}..."
    return short.encode(errors="backslashreplace").decode()


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` was probably meant to be: `Email` is `profile.email`."""
    spellings = {key: full for full in known for key in (full.rpartition(".")[2], full)}
    spelt = name.lower().replace(" ", "_")
    longer = [key for key in spellings if len(spelt) > 2 and key.startswith(spelt)]
    from difflib import get_close_matches  # 2 ms, for what is rarely misspelt

    close = get_close_matches(spelt, spellings, n=1) or longer
    return spellings[close[0]] if close else None
