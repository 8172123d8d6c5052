"""What a request's body holds, of whatever form it is."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

import orjson
from attrs import frozen

from klaviyo_bulk_events.emulator import body
from klaviyo_bulk_events.emulator.exchanges import Count, Exchange
from klaviyo_bulk_events.emulator.inspector.pointers import value_at
from klaviyo_bulk_events.emulator.memory import IDENTIFIERS, OTHER_IDENTIFIERS
from klaviyo_bulk_events.emulator.refusals import Flaw, Path, RequestRefused
from klaviyo_bulk_events.emulator.rules import ENTRIES, EVENT_DEPTH, is_in_event
from klaviyo_bulk_events.limits import REQUEST_BYTES

_PROFILE: Final[Path] = ("attributes", "profile", "data")
_EVENTS: Final[Path] = ("attributes", "events", "data")
_METRIC: Final[Path] = ("metric", "data", "attributes", "name")
_AROUND: Final = 400


@frozen
class Unreadable:
    """A body that is not JSON: some of its text, and where in that the reading ended."""

    text: str
    at: int | None


@frozen
class Sent:
    """An event as it stands in a body: anything may be missing or of another type."""

    path: Path
    profile: dict[str, Any]
    metric: Any
    unique_id: Any
    attributes: dict[str, Any]


@lru_cache(maxsize=1)
def document(exchange: Exchange) -> Any:
    """The body's document, or what is `Unreadable`. The last one is kept, to be looked at again."""
    encoding = exchange.request.headers.get("content-encoding", "")
    try:
        text = body.unpack(exchange.request.body, encoding)
    except RequestRefused:
        return Unreadable(f"{len(exchange.request.body):,} bytes that can't be unpacked", None)
    try:
        return body.parse(text)
    except RequestRefused:
        return _unreadable(text)


def count(exchange: Exchange) -> Count:
    """How much a body holds, as far as it can be read."""
    encoding = exchange.request.headers.get("content-encoding", "")
    try:
        text = body.unpack(exchange.request.body, encoding)
    except RequestRefused:
        return Count(REQUEST_BYTES.value if encoding else len(exchange.request.body))
    try:
        return Count(len(text), *(body.size(orjson.loads(text)) or ()))
    except orjson.JSONDecodeError:
        return Count(len(text))


def _unreadable(data: bytes) -> Unreadable:
    """The text around the place where reading ended, which is known unless a key stands twice."""
    text = data.decode("utf-8", "replace")
    try:
        orjson.loads(data)
    except orjson.JSONDecodeError as error:
        start = max(0, error.pos - _AROUND)
        return Unreadable(text[start : start + 2 * _AROUND], error.pos - start)
    return Unreadable(text[: 2 * _AROUND], None)


def sent(document: Any) -> Iterator[Sent]:
    """The events of a document, in their order."""
    for i, entry in enumerate(_items(value_at(document, ENTRIES))):
        profile = _identifiers(value_at(entry, _PROFILE))
        for j, event in enumerate(_items(value_at(entry, _EVENTS))):
            attributes = value_at(event, ("attributes",))
            attributes = attributes if isinstance(attributes, dict) else {}
            yield Sent(
                (*ENTRIES, i, *_EVENTS, j),
                profile,
                value_at(attributes, _METRIC),
                attributes.get("unique_id"),
                attributes,
            )


def flawed(flaws: Sequence[Flaw]) -> Counter[Path]:
    """How many flaws lie in each event, by its path."""
    paths = (flaw.path for flaw in flaws if flaw.path)
    return Counter(path[:EVENT_DEPTH] for path in paths if is_in_event(path))


def _items(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _identifiers(profile: Any) -> dict[str, Any]:
    attributes = value_at(profile, ("attributes",))
    given = {
        "id": value_at(profile, ("id",)),
        **(attributes if isinstance(attributes, dict) else {}),
    }
    return {name: given[name] for name in (*IDENTIFIERS, *OTHER_IDENTIFIERS) if given.get(name)}
