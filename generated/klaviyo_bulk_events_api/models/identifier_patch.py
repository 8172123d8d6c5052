from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.identifier_patch_append import IdentifierPatchAppend
    from ..models.identifier_patch_unappend import IdentifierPatchUnappend


T = TypeVar("T", bound="IdentifierPatch")


@_attrs_define
class IdentifierPatch:
    """
    Attributes:
        append (IdentifierPatchAppend | Unset):
        unappend (IdentifierPatchUnappend | Unset):
    """

    append: IdentifierPatchAppend | Unset = UNSET
    unappend: IdentifierPatchUnappend | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        append: dict[str, Any] | Unset = UNSET
        if not isinstance(self.append, Unset):
            append = self.append.to_dict()

        unappend: dict[str, Any] | Unset = UNSET
        if not isinstance(self.unappend, Unset):
            unappend = self.unappend.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if append is not UNSET:
            field_dict["append"] = append
        if unappend is not UNSET:
            field_dict["unappend"] = unappend

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.identifier_patch_append import IdentifierPatchAppend
        from ..models.identifier_patch_unappend import IdentifierPatchUnappend

        d = dict(src_dict)
        _append = d.pop("append", UNSET)
        append: IdentifierPatchAppend | Unset
        if isinstance(_append, Unset):
            append = UNSET
        else:
            append = IdentifierPatchAppend.from_dict(_append)

        _unappend = d.pop("unappend", UNSET)
        unappend: IdentifierPatchUnappend | Unset
        if isinstance(_unappend, Unset):
            unappend = UNSET
        else:
            unappend = IdentifierPatchUnappend.from_dict(_unappend)

        identifier_patch = cls(
            append=append,
            unappend=unappend,
        )

        identifier_patch.additional_properties = d
        return identifier_patch

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
