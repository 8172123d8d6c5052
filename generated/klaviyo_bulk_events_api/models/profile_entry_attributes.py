from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.profile_entry_events import ProfileEntryEvents
    from ..models.profile_entry_profile import ProfileEntryProfile


T = TypeVar("T", bound="ProfileEntryAttributes")


@_attrs_define
class ProfileEntryAttributes:
    """
    Attributes:
        profile (ProfileEntryProfile):
        events (ProfileEntryEvents):
        backfill (bool | None | Unset): When true, the event is recorded but does NOT trigger flows. Use this when
            backfilling
            historical events so existing flow definitions do not re-fire on events that already
            fired in the past.
    """

    profile: ProfileEntryProfile
    events: ProfileEntryEvents
    backfill: bool | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        profile = self.profile.to_dict()

        events = self.events.to_dict()

        backfill: bool | None | Unset
        if isinstance(self.backfill, Unset):
            backfill = UNSET
        else:
            backfill = self.backfill

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "profile": profile,
                "events": events,
            }
        )
        if backfill is not UNSET:
            field_dict["backfill"] = backfill

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.profile_entry_events import ProfileEntryEvents
        from ..models.profile_entry_profile import ProfileEntryProfile

        d = dict(src_dict)
        profile = ProfileEntryProfile.from_dict(d.pop("profile"))

        events = ProfileEntryEvents.from_dict(d.pop("events"))

        def _parse_backfill(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        backfill = _parse_backfill(d.pop("backfill", UNSET))

        profile_entry_attributes = cls(
            profile=profile,
            events=events,
            backfill=backfill,
        )

        profile_entry_attributes.additional_properties = d
        return profile_entry_attributes

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
