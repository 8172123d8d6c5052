"""The input, record by record, with what the emulator should hold of each."""

import itertools
from collections.abc import Hashable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from chaos import forms
from chaos.faulty import faulty_row, faulty_text
from chaos.plan import Plan
from klaviyo_bulk_events.emulator import Event

_IDENTIFIERS: Final = ("id", "external_id", "email", "phone_number")
_START: Final = datetime(2024, 1, 1, tzinfo=UTC)
_SECONDS: Final = 86_400 * 600
_METRICS: Final = ("Ordered Product", "Placed Order", "Geöffnet ☕")
_TEST_ADDRESSES: Final = 0.01
_CONFLICTS: Final = 0.2

Fields = dict[str, Any]


class Content(NamedTuple):
    """What an event says. `event` has no `unique_id` where it is to be derived."""

    number: int
    event: Event
    is_dropped: bool

    @property
    def key(self) -> Hashable:
        """What it can be told apart by from all events that aren't the same."""
        event = self.event
        identifier = next(iter(event.profile.items()))
        return identifier, event.metric, event.unique_id or ("derived", self.number)


class Item(NamedTuple):
    """A line of a source; without content it breaks a rule and must never arrive."""

    line: bytes
    content: Content | None


def items(plan: Plan) -> list[Item]:
    """The records of a plan, always the same ones."""
    return list(_Maker(plan).items())


class _Maker:
    """Makes records: good and bad ones, repeats near and far, events with a key of another."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._random = Random(plan.seed + 1)
        self._zone = ZoneInfo(plan.timezone) if plan.timezone else None
        self._known: list[tuple[Item, Fields]] = []
        self._numbers = itertools.count(1)
        self._padding = "x" * plan.padding
        self._write = forms.row if plan.form == "csv" else forms.line

    def items(self) -> Iterator[Item]:
        plan, random = self._plan, self._random
        for _ in range(plan.events):
            drawn = random.random()
            if drawn < plan.bad:
                yield self._bad()
            elif drawn < plan.bad + plan.repeats and self._known:
                yield self._repeat()
            else:
                yield self._new()

    def _new(self) -> Item:
        fields, moment = self._fields()
        item = self._item(fields, moment)
        self._known.append((item, fields))
        return item

    def _item(self, fields: Fields, moment: datetime) -> Item:
        return Item(self._write(fields), self._content(fields, moment))

    def _bad(self) -> Item:
        fields, _ = self._fields()
        if self._plan.form == "csv":
            return Item(faulty_row(fields, self._plan, self._random, self._write), None)
        return Item(faulty_text(fields, self._plan, self._random, self._write), None)

    def _repeat(self) -> Item:
        """An earlier one again, or another with its key, from within the window or beyond it."""
        random, known, window = self._random, self._known, self._plan.window
        far = len(known) - 2 * window - 2
        if far > 0 and random.random() < 0.5:
            item, fields = known[random.randrange(far)]
        else:
            item, fields = known[random.randrange(max(0, len(known) - window // 2), len(known))]
        if random.random() < _CONFLICTS and "unique_id" in fields:
            return self._conflict(item, fields)
        return item

    def _conflict(self, item: Item, fields: Fields) -> Item:
        assert item.content is not None
        properties = {**fields["properties"], "n": next(self._numbers)}
        return self._item({**fields, "properties": properties}, item.content.event.time)

    def _fields(self) -> tuple[Fields, datetime]:
        random = self._random
        number = next(self._numbers)
        moment = _START + timedelta(seconds=random.randrange(_SECONDS))
        fields: Fields = {
            "metric": random.choice(_METRICS),
            "time": self._written(moment),
            "value": random.randrange(1, 9_999) / 100,
            "value_currency": "GBP",
            "profile": self._profile(),
            "properties": self._properties(number),
        }
        if random.random() >= self._plan.derived:
            fields["unique_id"] = f"order-{number}"
        if self._plan.flow == "mixed":
            fields["backfill"] = random.random() < 0.5
        return fields, moment

    def _properties(self, number: int) -> Fields:
        properties: Fields = {"n": number, "name": "Mug, retro “spot”"}
        if self._padding:
            properties["padding"] = self._padding
        if self._plan.form == "jsonl":
            properties["items"] = [{"sku": f"S{number % 97}", "price": 1.5, "gift": None}]
        return properties

    def _written(self, moment: datetime) -> str:
        form = self._random.randrange(4)
        if form == 0:
            return f"{moment:%Y-%m-%dT%H:%M:%S}.{self._random.randrange(10**6):06}Z"
        if form == 1:
            return moment.astimezone(timezone(timedelta(hours=5, minutes=30))).isoformat()
        local = moment.astimezone(self._zone)
        if form == 2 and self._zone and local.fold == 0 and not _is_doubtful(local):
            return local.replace(tzinfo=None).isoformat()
        return moment.isoformat().replace("+00:00", "Z")

    def _profile(self) -> Fields:
        random = self._random
        number = random.randrange(self._plan.profiles)
        name = ("Ada", "Zoë", "Edsger")[number % 3]
        if random.random() < _TEST_ADDRESSES:
            return {"email": f"c{number}@example.com"}
        match number % 5:
            case 0:
                return {"external_id": f"C{number:06}", "email": f"c{number}@shop.invalid"}
            case 1:
                return {"phone_number": f"+4477009{number:05}"}
            case 2:
                return {"id": f"01H{number:06}", "first_name": name}
            case 3:
                return {"external_id": f"C{number:06}", "first_name": name}
        return {"email": f"c{number}@shop.invalid", "first_name": name}

    def _content(self, fields: Fields, moment: datetime) -> Content:
        profile = fields["profile"]
        given = {name: profile[name] for name in _IDENTIFIERS if name in profile}
        event = Event(
            request=0,
            profile=given,
            metric=fields["metric"],
            unique_id=fields.get("unique_id"),
            time=moment,
            value=fields["value"],
            value_currency=fields["value_currency"],
            properties=fields["properties"],
            backfill=fields.get("backfill", self._plan.flow == "backfill"),
            updates={name: value for name, value in profile.items() if name not in given},
        )
        dropped = given.get("email", "").endswith("@example.com")
        return Content(fields["properties"]["n"], event, dropped)


def _is_doubtful(local: datetime) -> bool:
    """Whether clocks are put back around then: a time without a zone may be either."""
    return local.month in (3, 10) and local.day > 24
