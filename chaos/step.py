"""One call of the command: what it was given, what it said, what the emulator saw of it."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from enum import Enum
from itertools import chain
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson
from attrs import field, frozen

from chaos.plan import Plan
from chaos.records import Item
from chaos.sources import Source, positions
from klaviyo_bulk_events.emulator import RequestRecord
from klaviyo_bulk_events.outcomes import Status

TOGETHER: Final = "refused_together"
_BY_SERVER: Final = "Klaviyo says"
_NEVER: Final = float("-inf")


class SetAside(NamedTuple):
    """A line of the rejects file."""

    status: Status
    code: str
    message: str
    unique_id: str | None
    line: bytes

    @property
    def is_open(self) -> bool:
        """Whether the event may still get in."""
        return self.status is not Status.REJECTED or self.code == TOGETHER

    @property
    def is_named_by_server(self) -> bool:
        """Whether the emulator refused this event for itself."""
        return self.status is Status.REJECTED and self.message.startswith(_BY_SERVER)


class Repeat(Enum):
    """How a record repeats an earlier one of the same call."""

    NEAR = "within the window"
    FAR = "beyond it, and maybe no longer remembered"


@frozen(kw_only=True)
class Step:
    """What a call left of the `items` that it read, of the `given` number that it was given.

    `came` are the numbers of the events that the emulator took in during it, `lost` those of the
    requests whose answers were lost. `is_resumed`: report, rejects, `came` and `lost` are those of
    all calls with this journal, of which some may have died with requests under way. `late` counts
    the answers that came too late for the client without a fault, because the machine was busy.
    """

    plan: Plan
    items: Sequence[Item]
    given: int
    code: int
    report: Mapping[str, Any]
    aside: Mapping[int, SetAside]
    requests: Sequence[RequestRecord]
    came: Collection[int]
    lost: Collection[int]
    window: int
    is_resumed: bool = False
    late: int = 0
    strays: Sequence[str] = ()
    repeats: Mapping[int, Repeat] = field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "repeats", _repeats(self.items, self.window))

    @property
    def is_to_be_resumed(self) -> bool:
        """Whether the same command again has something to do."""
        report = self.report
        return bool(report["stopped"] or report["unknown"] or report["unsent"])

    def to_send_again(self, *, whole: bool) -> list[Item]:
        """The lines of the rejects file that may still get in; if `whole`, all of it then."""
        opened = [at for at, aside in self.aside.items() if aside.is_open]
        chosen = list(self.aside) if whole and opened else opened
        return [self.items[at]._replace(line=self.aside[at].line) for at in chosen]


def read_aside(path: Path, sources: Sequence[Source]) -> tuple[dict[int, SetAside], list[str]]:
    """The rejects by the position of their record, and the lines of none."""
    where = positions(sources)
    aside: dict[int, SetAside] = {}
    strays = []
    for line in path.read_bytes().splitlines():
        document = orjson.loads(line)
        at = where.get(document["origin"])
        if at is None or at in aside:
            strays.append(f"a line of the rejects file is of no record, or its second: {line!r}")
            continue
        problem = document["problems"][0] if document["problems"] else {"code": "", "message": ""}
        aside[at] = SetAside(
            Status(document["status"]),
            problem["code"],
            problem["message"],
            document["record"].get("unique_id"),
            line,
        )
    return aside, strays


def all_items(sources: Sequence[Source]) -> list[Item]:
    """The records of sources, in the order in which they are read."""
    return list(chain.from_iterable(source.items for source in sources))


def _repeats(items: Sequence[Item], window: int) -> dict[int, Repeat]:
    """Which records repeat a key, as far as the promise goes: the newest `window` are known."""
    noted: dict[Hashable, float] = {}
    count = 0
    repeats = {}
    for at, item in enumerate(items):
        if item.content is None:
            continue
        key = item.content.key
        before = noted.get(key)
        if before is None:
            noted[key] = count
            count += 1
        elif count - before <= window:
            repeats[at] = Repeat.NEAR
        else:
            repeats[at] = Repeat.FAR
            noted[key] = _NEVER  # whether it counts as new from now on can't be known
            count += 1
    return repeats
