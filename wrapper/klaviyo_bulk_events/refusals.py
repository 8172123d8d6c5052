"""Which events of a chunk a refusal names."""

import re
from typing import Final

from klaviyo_bulk_events.answers import Answer, ApiError
from klaviyo_bulk_events.chunker import Chunk
from klaviyo_bulk_events.encoder import EncodedEvent
from klaviyo_bulk_events.limits import REVISION, SCOPES
from klaviyo_bulk_events.outcomes import Fate, Status
from klaviyo_bulk_events.problems import Problem

_ENTRY: Final = r"/data/attributes/events-bulk-create/data/(\d{1,9})"
_IN_EVENT: Final = re.compile(_ENTRY + r"/attributes/events/data/(\d{1,9})(?:/.*)?", re.DOTALL)
_AT_ENTRY: Final = re.compile(_ENTRY + r"(?:/(?:attributes(?:/events(?:/data)?)?)?)?")
_IN_PROFILE: Final = re.compile(_ENTRY + r"/attributes/profile(?:/.*)?", re.DOTALL)

_UNNAMED: Final = "refused"
_MENDS: Final = {
    401: "the API key is not accepted: set KLAVIYO_API_KEY to a private key of the account",
    403: f"the API key may not create events: give it the scope {' '.join(SCOPES)}",
    404: "the endpoint is not there: check the base URL",
    410: f"revision {REVISION} of the API is retired: update klaviyo-bulk-events",
}


def why_stopped(answer: Answer) -> str:
    """What ended the run, and the mend."""
    mend = _MENDS.get(answer.status, "the base URL leads elsewhere: set it to where Klaviyo is")
    return f"{mend} ({answer})"


def shape(answer: Answer) -> tuple[str, str]:
    """The code of a refusal, and its pointer without the places of entries and events."""
    error = (answer.errors or (ApiError("", "", "", "", ""),))[0]
    return error.code or _UNNAMED, re.sub(r"\d+", "*", error.pointer)


def narrow(chunk: Chunk, answer: Answer) -> tuple[list[Fate], list[Chunk]]:
    """The fates of the events that a refusal is known to be about, and what is left to be sent.

    Where it names none, the entry that it points at is taken apart from the others, or else the
    chunk is halved.
    """
    errors = answer.errors or ()
    fates = named(chunk, errors)
    if fates:
        rest = chunk.without(event for fate in fates for event in fate.events)
        return fates, [rest] if rest else []
    if len(chunk) == 1:
        (event,) = chunk.events
        return [_fate(event, errors[0], is_repeat=errors[0].is_repeat)], []
    return [], _parts(chunk, errors)


def named(chunk: Chunk, errors: tuple[ApiError, ...]) -> list[Fate]:
    """The fates of the events that the errors point at; empty if they point at none.

    A pointer into an entry's profile names all of the entry's events.
    """
    fates: dict[int, Fate] = {}
    for error in errors:
        is_repeat = error.is_repeat and _IN_EVENT.fullmatch(error.pointer) is not None
        for event in _pointed_at(chunk, error.pointer):
            fates.setdefault(id(event), _fate(event, error, is_repeat=is_repeat))
    return list(fates.values())


def together(chunk: Chunk, answer: Answer) -> Fate:
    """The fate of events that were refused together, without a word on which is at fault."""
    error = (answer.errors or (ApiError("", "", "", "", ""),))[0]
    message = f"refused together with {len(chunk) - 1} others: {_words(error)}"
    problem = Problem(error.pointer, "refused_together", message)
    return Fate(Status.REJECTED, tuple(chunk.events), (problem,))


def _parts(chunk: Chunk, errors: tuple[ApiError, ...]) -> list[Chunk]:
    for error in errors:
        match = _AT_ENTRY.fullmatch(error.pointer)
        at = int(match.group(1)) if match else len(chunk.entries)
        if at < len(chunk.entries) > 1:
            others = chunk.entries[:at] + chunk.entries[at + 1 :]
            return [Chunk((chunk.entries[at],)), Chunk(others)]
    return list(chunk.halves())


def _pointed_at(chunk: Chunk, pointer: str) -> tuple[EncodedEvent, ...]:
    if match := _IN_EVENT.fullmatch(pointer):
        entry, event = map(int, match.groups())
        if entry < len(chunk.entries) and event < len(chunk.entries[entry]):
            return (chunk.entries[entry][event],)
    elif match := _IN_PROFILE.fullmatch(pointer):
        entry = int(match.group(1))
        if entry < len(chunk.entries):
            return chunk.entries[entry]
    return ()


def _fate(event: EncodedEvent, error: ApiError, *, is_repeat: bool) -> Fate:
    status = Status.DUPLICATE if is_repeat else Status.REJECTED
    problem = Problem(error.pointer, error.code or _UNNAMED, _words(error))
    return Fate(status, (event,), (problem,))


def _words(error: ApiError) -> str:
    return f"Klaviyo says: {error.detail or error.title or error.code} (error {error.id})"
