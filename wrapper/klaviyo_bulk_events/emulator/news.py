"""What happened since somebody last looked."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from attrs import frozen

from klaviyo_bulk_events.emulator.ledger import RequestRecord
from klaviyo_bulk_events.emulator.pace import Second


class Mark(NamedTuple):
    """Up to where somebody has looked: the number of resets, and of changes to requests."""

    resets: int
    changes: int


@frozen
class News:
    """Everything that can be seen at a glance; `requests` and `seconds` only as far as changed.

    `whole` says that it isn't to be added to what was told before: it is the first news, or there
    was a reset. `started` is the moment of the last reset, or of the start. `windows` are the
    current and earlier windows of each rate, as moments of their start and requests counted in
    them, of the account that sent last. `asked` are the faults that next requests are to meet,
    with how many of them.
    """

    mark: Mark
    whole: bool
    started: float
    now: float
    requests: Sequence[RequestRecord]
    seconds: Sequence[Second]
    windows: Sequence[Sequence[tuple[float, int]]]
    totals: Mapping[str, Any]
    faults: Mapping[str, float]
    asked: Mapping[str, int]
