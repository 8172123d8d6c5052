from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="EventProperties")


@_attrs_define
class EventProperties:
    """Properties of this event (must not exceed 400 properties). The size of the event payload must not exceed 5 MB,
    and each string cannot be larger than 100 KB. For a full list of data limits on event payloads,
    see [Limitations](https://developers.klaviyo.com/en/reference/events_api_overview#limitations).

    Note any top-level property that is not an object can be
    used to create segments. The `$extra` property records any
    non-segmentable values that can be referenced later, e.g., HTML templates are
    useful on a segment but are not used to create a segment.

        Example:
            {'Brand': 'Kids Book', 'ProductID': 1111, 'ProductName': 'Winnie the Pooh'}

    """

    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        event_properties = cls()

        event_properties.additional_properties = d
        return event_properties

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
