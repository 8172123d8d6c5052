"""Taking personal data out of what a report quotes."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import Any, Final

from klaviyo_bulk_events.records import EVENT_FIELDS, LOCATION_FIELDS, PROFILE_FIELDS, Event
from klaviyo_bulk_events.set_aside import as_record

MASK: Final = "•••"
_SERVER: Final = "Klaviyo says: "
_QUOTING: Final = re.compile(f"{_SERVER}|what follows is lost: ")
"""After it come the words of a server, or of a database: they may quote anything."""
_SHORTEST: Final = 3
"""Characters of a value that is looked for in messages: a shorter one is part of every word."""
_VALUES: Final = 2_000
"""Values of a record that are looked for."""

_ADDRESS: Final = re.compile(r"[^\s'\"<>(),;:=/]*@[^\s'\"<>(),;:=/]*")
_DATE: Final = re.compile(r"20\d\d-[01]\d(?:-[0-3]\d)?")
_NUMBER: Final = re.compile(r"\+?[(\d][\d\s().\-/]{4,}\d")
_LINE: Final = re.compile(r":\d{1,12}$")
"""What sources put behind a file's name."""
_BEFORE_A_PLACE: Final = re.compile(r"(?:\brow |\.(?:jsonl|ndjson|csv|parquet)(?:\.gz|\.zst)?:)$")
_BEHIND_A_COUNT: Final = re.compile(r" rows\b")
_PLACE_DIGITS: Final = 9
_LOOK_BACK: Final = 20
_ERROR_ID: Final = re.compile(r" \(error ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\)$")
_QUOTED: Final = re.compile(
    r"(?<!\w)'.*?'(?!\w)|\"[^\"]*\"|`[^`]*`|\u201c[^\u201d]*\u201d|\u2018[^\u2019]*\u2019"
)
_WORD: Final = re.compile(r"\S+")
_PLAIN: Final = re.compile(r"\(?[A-Za-z]?[a-z_]*(?:[-/'\u2019][a-z]+)*[.,:;!?)]*")
_KNOWN: Final = frozenset({"API", "E.164", "HTTP", "ID", "ISO", "JSON", "Klaviyo", "UTC"})
_FIELDS: Final = frozenset(
    {"data", "attributes", "events", "events-bulk-create"}
    | EVENT_FIELDS
    | PROFILE_FIELDS
    | LOCATION_FIELDS
)
_ANY_WORD: Final = re.compile(r"[a-z]*")
_CODE: Final = re.compile(r"(?!.*\d{4})[a-z][a-z0-9_.-]{0,63}")
"""Few digits: `not_utf8` is one of ours, and more of them may be a number of somebody's."""


def masked(text: str, record: object = None) -> str:
    """The text without what may be somebody's data: addresses, numbers, values of the `record`.

    Of what a server said in it only plain words are left: it may have quoted anybody.
    """
    quoting = _QUOTING.search(text)
    at = quoting.end() if quoting else len(text)
    values = _values(record)
    return _without(_patterns(text[:at]), _telling(values)) + _server_words(text[at:], values)


def masked_origin(origin: str) -> str:
    """Where a record stands: the line or row as it is, the file without its folder and masked.

    A folder may be named after somebody, and tells a reader nothing.
    """
    line = _LINE.search(origin)
    name = origin[: line.start()] if line else origin
    return masked(PurePath(name).name) + (line[0] if line else "")


def masked_pointer(pointer: str, record: object = None) -> str:
    """The JSON pointer; the keys in it may be data, too."""
    values = _telling(_values(record))
    return "/".join(
        step if step in _FIELDS else _without(_patterns(step), values)
        for step in pointer.split("/")
    )


def masked_code(code: str) -> str:
    """The code; one that a server made up may be anything."""
    return code if _CODE.fullmatch(code) else masked(f"{_SERVER}{code}").removeprefix(_SERVER)


def _patterns(text: str) -> str:
    return _NUMBER.sub(_unless_ours, _ADDRESS.sub(MASK, text))


def _unless_ours(number: re.Match[str]) -> str:
    return number[0] if _DATE.fullmatch(number[0]) or _is_place(number) else MASK


def _is_place(number: re.Match[str]) -> bool:
    """Whether it is the row or the line of a file that one of our sentences names."""
    if not (number[0].isdecimal() and len(number[0]) <= _PLACE_DIGITS):
        return False
    start = number.start()
    before = _BEFORE_A_PLACE.search(number.string, max(0, start - _LOOK_BACK), start)
    return bool(before or _BEHIND_A_COUNT.match(number.string, number.end()))


def _without(text: str, values: Iterable[str]) -> str:
    found = [value for value in values if value.casefold() in text.casefold()]
    for value in sorted(found, key=len, reverse=True):
        text = re.sub(re.escape(value), MASK, text, flags=re.IGNORECASE)
    return text


def _telling(values: Iterable[str]) -> list[str]:
    """Values that are no word of ours: `text` and `order` would blot out what a sentence says."""
    return [value for value in values if not _ANY_WORD.fullmatch(value)]


def _server_words(text: str, values: Iterable[str]) -> str:
    known = _ERROR_ID.search(text)
    said = _without(_QUOTED.sub(MASK, _ERROR_ID.sub("", text)), values)
    starts = True
    words = []
    for word in _WORD.findall(said):
        words.append(word if _is_plain(word, starts=starts) else MASK)
        starts = word.endswith((".", "!", "?"))
    return " ".join(words) + (known[0] if known else "")


def _is_plain(word: str, *, starts: bool) -> bool:
    bare = word.strip("().,:;!?")
    if bare in _KNOWN or not bare.strip(MASK):
        return True
    return _PLAIN.fullmatch(word) is not None and (starts or bare == bare.lower())


def _values(record: object) -> list[str]:
    """The values of a record, as they may stand in a message."""
    given = as_record(record) if isinstance(record, Event | Mapping) else {"record": record}
    found = []
    for text in _texts(given, 0):
        if len(text) >= _SHORTEST and text not in _FIELDS:
            found.append(text)
        if len(found) == _VALUES:
            break
    return found


def _texts(value: Any, depth: int) -> Iterator[str]:
    if depth > 20 or value is None or isinstance(value, bool | float):
        return
    if isinstance(value, Mapping):
        for name, part in value.items():
            # What a metric is called is no secret, and the report is of no use without it.
            if name != "metric" or depth:
                yield from _texts(part, depth + 1)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part, depth + 1)
    else:
        yield str(value)
