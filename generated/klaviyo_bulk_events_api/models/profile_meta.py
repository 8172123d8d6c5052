from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.identifier_patch import IdentifierPatch
    from ..models.profile_patch import ProfilePatch


T = TypeVar("T", bound="ProfileMeta")


@_attrs_define
class ProfileMeta:
    """
    Attributes:
        patch_properties (None | ProfilePatch | Unset): Specify one or more patch operations to apply to existing
            property data Example: {'append': {'skus': '92538'}}.
        patch_identifiers (IdentifierPatch | None | Unset): Specify one or more patch operations to apply to existing
            identifier data. Currently only `email` is supported, and it is used to add or remove secondary email addresses
            on a profile. Example: {'append': {'email': ['example@test.com', 'another@example.com']}}.
    """

    patch_properties: None | ProfilePatch | Unset = UNSET
    patch_identifiers: IdentifierPatch | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.identifier_patch import IdentifierPatch
        from ..models.profile_patch import ProfilePatch

        patch_properties: dict[str, Any] | None | Unset
        if isinstance(self.patch_properties, Unset):
            patch_properties = UNSET
        elif isinstance(self.patch_properties, ProfilePatch):
            patch_properties = self.patch_properties.to_dict()
        else:
            patch_properties = self.patch_properties

        patch_identifiers: dict[str, Any] | None | Unset
        if isinstance(self.patch_identifiers, Unset):
            patch_identifiers = UNSET
        elif isinstance(self.patch_identifiers, IdentifierPatch):
            patch_identifiers = self.patch_identifiers.to_dict()
        else:
            patch_identifiers = self.patch_identifiers

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if patch_properties is not UNSET:
            field_dict["patch_properties"] = patch_properties
        if patch_identifiers is not UNSET:
            field_dict["patch_identifiers"] = patch_identifiers

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.identifier_patch import IdentifierPatch
        from ..models.profile_patch import ProfilePatch

        d = dict(src_dict)

        def _parse_patch_properties(data: object) -> None | ProfilePatch | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                patch_properties_type_1 = ProfilePatch.from_dict(data)

                return patch_properties_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | ProfilePatch | Unset, data)

        patch_properties = _parse_patch_properties(d.pop("patch_properties", UNSET))

        def _parse_patch_identifiers(data: object) -> IdentifierPatch | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                patch_identifiers_type_1 = IdentifierPatch.from_dict(data)

                return patch_identifiers_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(IdentifierPatch | None | Unset, data)

        patch_identifiers = _parse_patch_identifiers(d.pop("patch_identifiers", UNSET))

        profile_meta = cls(
            patch_properties=patch_properties,
            patch_identifiers=patch_identifiers,
        )

        profile_meta.additional_properties = d
        return profile_meta

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
