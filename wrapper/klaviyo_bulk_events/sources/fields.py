"""The names that a column can have: those of the record form, dotted."""

from typing import Final

from klaviyo_bulk_events.problems import nearest
from klaviyo_bulk_events.record_form import split
from klaviyo_bulk_events.records import EVENT_FIELDS, LOCATION_FIELDS, PROFILE_FIELDS

_FIXED: Final = {
    (): EVENT_FIELDS,
    ("profile",): PROFILE_FIELDS | {"_kx"},
    ("profile", "location"): LOCATION_FIELDS,
}
_KNOWN: Final = tuple(
    sorted(".".join((*path, name)) for path, names in _FIXED.items() for name in names)
)


def is_field(name: str) -> bool:
    """Whether records have a field of this dotted name."""
    path, last = split(name)
    return bool(last) and last in _FIXED.get(path, (last,))


def meant_by(name: str) -> str | None:
    """The field that was probably meant."""
    return nearest(name, _KNOWN)
