"""From records to requests: what can be said of every event before anything is sent."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from attrs import frozen

from klaviyo_bulk_events.chunker import Chunk, Chunker
from klaviyo_bulk_events.encoder import EncodedEvent, Encoder
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.outcomes import Outcome, Status
from klaviyo_bulk_events.problems import FORGOTTEN, Problem, RecordError
from klaviyo_bulk_events.records import Event, fields_of
from klaviyo_bulk_events.repeats import Memory, Repeat, Repeats


@frozen
class Sourced:
    """A record with where it came from.

    `problem` if it could not even be read; `others` are what else is wrong with it.
    """

    record: Mapping[str, Any]
    origin: str
    problem: Problem | None = None
    others: tuple[Problem, ...] = ()


Record: TypeAlias = Event | Mapping[str, Any] | Sourced

_NO_TIME = Problem(
    "/time", "missing_time", "the record has no time: give it one, or stamp_now (--stamp-now)"
)
_CONFLICT = Problem(
    "/unique_id",
    "key_conflict",
    "an earlier event of this profile and metric has the same unique_id, and its content or its "
    "profile's attributes differ",
)
_SAME_SECOND = Problem(
    "/time",
    "key_conflict",
    "without a unique_id only one event of a profile and metric survives in a second, "
    "and there was one before",
)
_TOO_LARGE = Problem("", "event_too_large", "no request can hold an event of this size")


class Planner:
    """Takes records one by one and hands out what is ready: outcomes, and chunks to send.

    Without `keep_records` the outcomes of events that were encoded have no record: nobody asks,
    and the memory is free at once. `repeats` finds events that come again, instead of the window.
    """

    def __init__(
        self,
        encoder: Encoder,
        intake: Intake,
        chunker: Chunker | None = None,
        *,
        keep_records: bool = True,
        repeats: Memory | None = None,
    ) -> None:
        self._encoder = encoder
        self._intake = intake
        self._repeats = repeats or Repeats(intake.window)
        self._chunker = chunker or Chunker()
        self._keep_records = keep_records
        self.submitted = 0

    def take(self, item: Record) -> Outcome | Chunk | None:
        """Take one record; usually nothing is ready by it."""
        event = self.look(item)
        if isinstance(event, Outcome):
            return event
        repeat = self._repeats.note(event.key, event.lasting or event.data, event.opening)
        if repeat is not None:
            return repeated(event, repeat)
        return self._chunker.add(event)

    def look(self, item: Record) -> EncodedEvent | Outcome:
        """What the next record becomes, of which nothing is remembered."""
        position = self.submitted
        self.submitted = position + 1
        record: Event | Mapping[str, Any] | None = None
        fields: Mapping[str, Any]
        try:
            if isinstance(item, Event):
                record, fields = item, vars(item)
            else:
                record = fields = self._read(item)
                self._check_time(fields)
            event = self._encoder.encode(fields)
        except RecordError as error:
            return not_taken(item, Status.REJECTED, position, *error.problems, read=record)
        except Exception as error:  # a record may be anything, and one must not end the run
            message = f"{type(error).__name__} was raised while the record was read"
            problem = Problem("", "broken_record", message)
            return not_taken(item, Status.REJECTED, position, problem, read=record)
        event.position = position
        if fields.get("time") is None:
            event.key_lasts = fields.get("unique_id") is not None
            event.lasting = _lasting(event)
        if self._keep_records:
            event.record = record
            event.origin = item.origin if isinstance(item, Sourced) else None
        return event if self._chunker.fits(event) else outcome(event, Status.REJECTED, _TOO_LARGE)

    def finish(self) -> Chunk | None:
        """What is left once the source has ended."""
        return self._chunker.close()

    def _read(self, item: Mapping[str, Any] | Sourced) -> Mapping[str, Any]:
        """The record's fields: what the encoder takes."""
        if isinstance(item, Sourced):
            if item.problem is not None:
                raise RecordError(item.problem, *item.others)
            item = item.record
        if type(item) is not dict and not isinstance(item, Mapping):
            kind = type(item).__name__
            message = f"an event is an Event or a mapping, not {kind}"
            raise RecordError(Problem("", "wrong_type", message))
        intake = self._intake
        return fields_of(item, rest_as_properties=intake.rest_as_properties, nulls=intake.nulls)

    def _check_time(self, fields: Mapping[str, Any]) -> None:
        if fields.get("time") is None and not self._intake.stamp_now:
            raise RecordError(_NO_TIME)


def _lasting(event: EncodedEvent) -> bytes:
    lasting = event.data.replace(event.time.encode(), b"", 1)
    if event.unique_id is None or event.key_lasts:
        return lasting
    return lasting.replace(event.unique_id.encode(), b"", 1)  # derived from the time, too


def outcome(event: EncodedEvent, status: Status, *problems: Problem) -> Outcome:
    """The outcome of an encoded event."""
    return Outcome(
        status,
        event.position,
        event.record,
        problems,
        event.warnings,
        event.origin,
        event.time,
        event.unique_id,
    )


def repeated(event: EncodedEvent, repeat: Repeat) -> Outcome:
    """The outcome of an event that repeats one that came before it."""
    if repeat is Repeat.FORGOTTEN:
        return nameless(event.position, event.origin, FORGOTTEN)
    if repeat is Repeat.SAME_CONTENT:
        return outcome(event, Status.DUPLICATE)
    conflict = _CONFLICT if event.unique_id is not None else _SAME_SECOND
    return outcome(event, Status.REJECTED, conflict)


def nameless(position: int, origin: str | None, why: Problem) -> Outcome:
    """The outcome of an event of which nothing may be told but where it stood."""
    return Outcome(Status.REJECTED, position, None, (why,), origin=origin)


def not_taken(
    item: Record,
    status: Status,
    position: int,
    *problems: Problem,
    read: Event | Mapping[str, Any] | None = None,
) -> Outcome:
    """The outcome of a record that was not taken in; `read` is the record as far as it was read."""
    given, origin = (item.record, item.origin) if isinstance(item, Sourced) else (item, None)
    return Outcome(status, position, read or given, problems, origin=origin)
