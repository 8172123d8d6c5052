"""Whose record it is, where records of many accounts come in one stream."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import attrs

from klaviyo_bulk_events.planner import Record, Sourced
from klaviyo_bulk_events.problems import below
from klaviyo_bulk_events.record_form import split, value_at
from klaviyo_bulk_events.records import EVENT_FIELDS

AccountOf: TypeAlias = str | Callable[[Record], str | None]
"""The name, dotted in the record form, under which a record has its account; or what finds it."""


def with_account(record: Record, where: AccountOf) -> tuple[str | None, Record]:
    """The record's account, and the record without a name for it that no event has."""
    if not isinstance(where, str):
        return where(record), record
    given = record.record if isinstance(record, Sourced) else record
    if not isinstance(given, Mapping):
        return None, record
    account = _as_name(value_at(given, where))
    if where in given and where not in EVENT_FIELDS and not split(where)[0]:
        given = {name: value for name, value in given.items() if name != where}
        record = attrs.evolve(record, record=given) if isinstance(record, Sourced) else given
    return account, record


def pointer_to(where: AccountOf) -> str:
    """Where in a record its account should be; empty if a function finds it."""
    pointer = ""
    if isinstance(where, str):
        path, last = split(where)
        for step in (*path, last):
            pointer = below(pointer, step)
    return pointer


def _as_name(given: object) -> str | None:
    if isinstance(given, int) and not isinstance(given, bool):
        return str(given)
    return given if isinstance(given, str) and given else None
