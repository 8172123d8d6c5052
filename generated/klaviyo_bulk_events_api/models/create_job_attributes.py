from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.create_job_entries import CreateJobEntries


T = TypeVar("T", bound="CreateJobAttributes")


@_attrs_define
class CreateJobAttributes:
    """
    Attributes:
        events_bulk_create (CreateJobEntries):
    """

    events_bulk_create: CreateJobEntries
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        events_bulk_create = self.events_bulk_create.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "events-bulk-create": events_bulk_create,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.create_job_entries import CreateJobEntries

        d = dict(src_dict)
        events_bulk_create = CreateJobEntries.from_dict(d.pop("events-bulk-create"))

        create_job_attributes = cls(
            events_bulk_create=events_bulk_create,
        )

        create_job_attributes.additional_properties = d
        return create_job_attributes

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
