"""A server that has a memory and bad days, and a delivery to it, without a wire or a clock."""

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from attrs import define, frozen

from klaviyo_bulk_events import Intake
from klaviyo_bulk_events.answers import Answer, NoAnswer, Reply, read_answer
from klaviyo_bulk_events.chunker import Chunk, Chunker
from klaviyo_bulk_events.delivery import Delivery
from klaviyo_bulk_events.encoder import EncodedEvent, Encoder
from klaviyo_bulk_events.outcomes import Settlement
from klaviyo_bulk_events.steps import Enter, Post, Renew, Step, Wait

NOW: Final = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ENTRY: Final = "/data/attributes/events-bulk-create/data/{}"
EVENT: Final = ENTRY + "/attributes/events/data/{}"
PROFILE: Final = ENTRY + "/attributes/profile/data/attributes/email"
HTML: Final = b"<html>sorry</html>"
ENDS: Final = (301, 401, 403, 404, 410)
GIVEN_UP: Final = (501, 505, 530)
_ENCODER: Final = Encoder(Intake(derive_unique_id=False), True)


def error(code: str = "error", pointer: str = "") -> dict[str, Any]:
    return {"id": f"id-{code}", "code": code, "detail": "No.", "source": {"pointer": pointer}}


def errors(*listed: dict[str, Any]) -> bytes:
    return orjson.dumps({"errors": listed})


def _leaves_open(reply: Reply) -> bool:
    """Whether the request may have been processed, for all that the reply says."""
    if isinstance(reply, NoAnswer):
        return reply.written
    return reply.status >= 500 or reply.status == 200


def _ends_it(reply: Reply | None) -> bool:
    """Whether no request may follow."""
    if not isinstance(reply, Answer):
        return False
    is_final = reply.status in ENDS and (reply.errors is not None or reply.status < 400)
    return is_final or reply.status in GIVEN_UP


@frozen
class Found:
    """An event in a request: where, and what the server knows it by."""

    entry: int
    place: int
    name: str
    profile: str


def found_in(body: bytes) -> Iterator[Found]:
    entries = orjson.loads(body)["data"]["attributes"]["events-bulk-create"]["data"]
    for at, entry in enumerate(entries):
        attributes = entry["attributes"]
        profile = attributes["profile"]["data"]["attributes"]["external_id"]
        for place, event in enumerate(attributes["events"]["data"]):
            yield Found(at, place, event["attributes"]["properties"]["name"], profile)


@define
class Temper:
    """How a server is: how it names faults, what it makes of repeats, how often it fails."""

    poison: frozenset[str]
    bad_profiles: frozenset[str]
    drops_repeats: bool
    names_all: bool
    pointers: str
    most: int
    faults: float
    may_end: bool

    @property
    def says_all(self) -> bool:
        """Whether one refusal is enough to know every event at fault."""
        is_sound = self.faults == 0.0 and self.most > 12
        return is_sound and self.names_all and self.pointers in ("exact", "event")

    @classmethod
    def drawn(cls, rng: random.Random, events: list[EncodedEvent]) -> "Temper":
        names = [name_of(event) for event in events]
        share = rng.choice([0.0, 0.0, 0.15, 0.5])
        return cls(
            poison=frozenset(name for name in names if rng.random() < share),
            bad_profiles=frozenset(str(n) for n in range(4) if rng.random() < share / 3),
            drops_repeats=rng.random() < 0.5,
            names_all=rng.random() < 0.5,
            pointers=rng.choice(["exact", "event", "entry", "/data", ""]),
            most=rng.choice([1, 3, 99]),
            faults=rng.choice([0.0, 0.2, 0.5, 0.9]),
            may_end=rng.random() < 0.2,
        )

    def is_bad(self, found: Found) -> bool:
        return found.name in self.poison or found.profile in self.bad_profiles


class Server:
    """Takes a request whole or not at all. Events without `unique_id` it never tells apart."""

    def __init__(self, rng: random.Random, temper: Temper, unkeyed: frozenset[str]) -> None:
        self.temper = temper
        self.memory: Counter[str] = Counter()
        self.maybe: set[str] = set()
        self.named_refusals = 0
        self._unkeyed = unkeyed
        self._late: list[bytes] = []
        self._rng = rng

    def settle_late(self, *, all_of_it: bool) -> None:
        """Process requests whose client went away long ago."""
        while self._late and (all_of_it or self._rng.random() < 0.5):
            self._process(self._late.pop())

    def answer(self, body: bytes) -> Reply:
        self.settle_late(all_of_it=False)
        if self._rng.random() < self.temper.faults:
            reply = self._fail(body)
        else:
            reply = self._read(*self._process(body), {})
            self.named_refusals += self._names_events(reply)
        if _leaves_open(reply):
            self.maybe |= {found.name for found in found_in(body)}
        return reply

    def _names_events(self, reply: Reply) -> bool:
        listed = (reply.errors or ()) if isinstance(reply, Answer) else ()
        return any("/events/data/" in e.pointer or "/profile/" in e.pointer for e in listed)

    def _fail(self, body: bytes) -> Reply:
        rng = self._rng
        kind = rng.choice(["lost", "late", "refused connection", "5xx", "429", "edge", "odd"])
        if kind == "refused connection":
            return NoAnswer("ConnectError", written=False)
        if kind == "429":
            headers = rng.choice([{}, {"retry-after": "0"}, {"retry-after": "7"}, LONG])
            return self._read(429, errors(error("throttled")), headers)
        if kind == "edge":
            return self._read(rng.choice([400, 401, 403, 404]), HTML, {})
        if kind == "odd" and self.temper.may_end:
            return self._end(body)
        if kind == "late":
            self._late.append(body)
        elif rng.random() < 0.5:
            self._process(body)
        if kind == "5xx":
            headers = rng.choice([{}, {"retry-after": "3"}, LONG])
            return self._read(rng.choice([500, 502, 503, 504, 524]), self._sorry(), headers)
        return NoAnswer("ReadTimeout", written=True)

    def _end(self, body: bytes) -> Reply:
        """An answer after which no later request makes sense."""
        if self._rng.random() < 0.5:
            return self._read(self._rng.choice(ENDS), errors(error()), {})
        if self._rng.random() < 0.5:
            self._process(body)
        return self._read(self._rng.choice((*GIVEN_UP, 200)), self._sorry(), {})

    def _sorry(self) -> bytes:
        return self._rng.choice([HTML, b"", errors(error())])

    def _read(self, status: int, body: bytes, headers: Mapping[str, str]) -> Answer:
        return read_answer(status, headers, body, NOW)

    def _process(self, body: bytes) -> tuple[int, bytes]:
        """Take it, or refuse it and take nothing."""
        found = list(found_in(body))
        if len(found) > self.temper.most:
            return 413, errors(error("too_large"))
        faults = [self._pointed(f, "invalid") for f in found if self.temper.is_bad(f)]
        repeats = [f for f in found if self.memory[f.name] and f.name not in self._unkeyed]
        if not self.temper.drops_repeats:
            faults += [self._pointed(f, "duplicate") for f in repeats]
        if faults:
            return 400, errors(*faults[: None if self.temper.names_all else 1])
        self.memory.update(f.name for f in found if f not in repeats)
        return 202, b""

    def _pointed(self, found: Found, code: str) -> dict[str, Any]:
        place = found.entry, found.place
        if self.temper.pointers == "exact":
            if code == "invalid" and found.name not in self.temper.poison:
                return error(code, PROFILE.format(found.entry))
            last = "unique_id" if code == "duplicate" else "time"
            return error(code, EVENT.format(*place) + f"/attributes/{last}")
        pointers = {"event": EVENT.format(*place), "entry": ENTRY.format(found.entry)}
        return error(code, pointers.get(self.temper.pointers, self.temper.pointers))


LONG: Final = {"retry-after": "5000"}


def name_of(event: EncodedEvent) -> str:
    name: str = orjson.loads(event.data)["attributes"]["properties"]["name"]
    return name


def drawn_chunk(rng: random.Random) -> Chunk:
    """Up to a dozen events of up to four profiles, some without `unique_id`."""
    unkeyed = rng.choice([0.0, 0.0, 0.4])
    chunker = Chunker()
    for number in range(rng.randint(1, 12)):
        fields: dict[str, Any] = {
            "metric": "Sold",
            "profile": {"external_id": str(rng.randrange(4))},
            "time": f"2025-05-05T12:00:{number:02}Z",
            "properties": {"name": f"event-{number}"},
        }
        if rng.random() >= unkeyed:
            fields["unique_id"] = f"order-{number}"
        chunker.add(_ENCODER.encode(fields))
    chunk = chunker.close()
    assert chunk is not None
    return chunk


class Run:
    """One delivery, from the first step to its settlement; checks every step on the way."""

    def __init__(self, seed: int) -> None:
        rng = self._rng = random.Random(seed)
        self.chunk = drawn_chunk(rng)
        self.events = {name_of(event): event for event in self.chunk.events}
        self.unkeyed = frozenset(n for n, event in self.events.items() if event.unique_id is None)
        self.temper = Temper.drawn(rng, list(self.chunk.events))
        self.server = Server(rng, self.temper, self.unkeyed)
        self.there_before = self._some_there_before()
        self.budget = rng.choice([0, 3, 32, 1_000])
        self.deadline = rng.choice([0.001, 20.0, 600.0])
        self.resend_unsafe = rng.random() < 0.3
        self.stops = rng.random() < 0.1
        self.now = 1_000.0
        self.posts = 0
        self.earliest = self.now
        self.last: Reply | None = None
        self.settlement = self._carry_out()
        self.server.settle_late(all_of_it=True)

    def _some_there_before(self) -> frozenset[str]:
        share = self._rng.choice([0.0, 0.0, 0.3])
        keyed = self.events.keys() - self.unkeyed - self.temper.poison
        there = frozenset(name for name in sorted(keyed) if self._rng.random() < share)
        good = {f.name for f in found_in(self.chunk.body()) if not self.temper.is_bad(f)}
        self.server.memory.update(there & good)
        return there & good

    def _carry_out(self) -> Settlement:
        steps = Delivery(
            self.chunk,
            deadline=self.deadline,
            budget=self.budget,
            clock=lambda: self.now,
            random=self._rng.random,
            watch=lambda notice: None,
            resend_unsafe=self.resend_unsafe,
        ).steps()
        result: object = None
        while True:
            try:
                result = self._carry(steps.send(result))
            except StopIteration as end:
                settlement: Settlement = end.value
                return settlement

    def _carry(self, step: Step) -> object:
        if isinstance(step, Enter):
            return self._enter(step)
        if isinstance(step, Wait):
            assert step.seconds >= 0
            assert step.everybody is (isinstance(self.last, Answer) and self.last.status == 429)
            # A pause holds back everybody at the limiter, which is where this goes next.
            self.earliest = self.now + step.seconds
            return None
        if isinstance(step, Renew):
            assert isinstance(self.last, Answer)
            assert self.last.status == 401
            return False
        return self._post(step)

    def _enter(self, step: Enter) -> bool:
        wait = max(self._rng.choice([0.0, 0.1, 5.0]), self.earliest - self.now)
        if self.stops and self._rng.random() < 0.3:
            return False
        if step.until is not None and wait > 0 and self.now + wait > step.until:
            self.now = step.until
            return False
        self.now += wait
        return True

    def _post(self, step: Post) -> Reply | None:
        if self.stops and self._rng.random() < 0.2:
            return None
        assert not _ends_it(self.last)
        asked = self.last.retry_after if isinstance(self.last, Answer) else None
        if asked is not None:
            assert self.now >= self.answered_at + asked - 1e-6
        self._check_bytes(step.body)
        self.posts += 1
        self.last = self.server.answer(step.body)
        self.now += self._rng.choice([0.01, 1.0, 30.0])
        self.answered_at = self.now
        return self.last

    def _check_bytes(self, body: bytes) -> None:
        """Every event goes out as it was encoded, whatever it goes together with."""
        sent = [self.events[found.name] for found in found_in(body)]
        assert len(set(map(id, sent))) == len(sent)
        rest = body
        for event in sent:
            assert event.opening in body
            assert rest.count(event.data) == 1
            rest = rest.replace(event.data, b"")
        assert b'"properties"' not in rest
