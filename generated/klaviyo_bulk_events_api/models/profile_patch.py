from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.profile_patch_append import ProfilePatchAppend
    from ..models.profile_patch_unappend import ProfilePatchUnappend


T = TypeVar("T", bound="ProfilePatch")


@_attrs_define
class ProfilePatch:
    """
    Attributes:
        append (None | ProfilePatchAppend | Unset): Append a simple value or values to this property array Example:
            {'skus': '92538'}.
        unappend (None | ProfilePatchUnappend | Unset): Remove a simple value or values from this property array
            Example: {'skus': '40571'}.
        unset (list[str] | None | str | Unset): Remove a key or keys (and their values) completely from properties
            Example: skus.
    """

    append: None | ProfilePatchAppend | Unset = UNSET
    unappend: None | ProfilePatchUnappend | Unset = UNSET
    unset: list[str] | None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.profile_patch_append import ProfilePatchAppend
        from ..models.profile_patch_unappend import ProfilePatchUnappend

        append: dict[str, Any] | None | Unset
        if isinstance(self.append, Unset):
            append = UNSET
        elif isinstance(self.append, ProfilePatchAppend):
            append = self.append.to_dict()
        else:
            append = self.append

        unappend: dict[str, Any] | None | Unset
        if isinstance(self.unappend, Unset):
            unappend = UNSET
        elif isinstance(self.unappend, ProfilePatchUnappend):
            unappend = self.unappend.to_dict()
        else:
            unappend = self.unappend

        unset: list[str] | None | str | Unset
        if isinstance(self.unset, Unset):
            unset = UNSET
        elif isinstance(self.unset, list):
            unset = self.unset

        else:
            unset = self.unset

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if append is not UNSET:
            field_dict["append"] = append
        if unappend is not UNSET:
            field_dict["unappend"] = unappend
        if unset is not UNSET:
            field_dict["unset"] = unset

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.profile_patch_append import ProfilePatchAppend
        from ..models.profile_patch_unappend import ProfilePatchUnappend

        d = dict(src_dict)

        def _parse_append(data: object) -> None | ProfilePatchAppend | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                append_type_0 = ProfilePatchAppend.from_dict(data)

                return append_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | ProfilePatchAppend | Unset, data)

        append = _parse_append(d.pop("append", UNSET))

        def _parse_unappend(data: object) -> None | ProfilePatchUnappend | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                unappend_type_0 = ProfilePatchUnappend.from_dict(data)

                return unappend_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | ProfilePatchUnappend | Unset, data)

        unappend = _parse_unappend(d.pop("unappend", UNSET))

        def _parse_unset(data: object) -> list[str] | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                unset_type_1 = cast(list[str], data)

                return unset_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | str | Unset, data)

        unset = _parse_unset(d.pop("unset", UNSET))

        profile_patch = cls(
            append=append,
            unappend=unappend,
            unset=unset,
        )

        profile_patch.additional_properties = d
        return profile_patch

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
