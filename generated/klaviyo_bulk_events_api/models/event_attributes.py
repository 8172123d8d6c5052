from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.event_metric import EventMetric
    from ..models.event_properties import EventProperties


T = TypeVar("T", bound="EventAttributes")


@_attrs_define
class EventAttributes:
    """
    Attributes:
        properties (EventProperties): Properties of this event (must not exceed 400 properties). The size of the event
            payload must not exceed 5 MB,
            and each string cannot be larger than 100 KB. For a full list of data limits on event payloads,
            see [Limitations](https://developers.klaviyo.com/en/reference/events_api_overview#limitations).

            Note any top-level property that is not an object can be
            used to create segments. The `$extra` property records any
            non-segmentable values that can be referenced later, e.g., HTML templates are
            useful on a segment but are not used to create a segment. Example: {'Brand': 'Kids Book', 'ProductID': 1111,
            'ProductName': 'Winnie the Pooh'}.
        metric (EventMetric):
        time (datetime.datetime | None | Unset): When this event occurred. By default, the time the request was received
            will be used.
            The time is truncated to the second. The time must be after the year 2000 and can only
            be up to 1 year in the future. Example: 2022-11-08T00:00:00+00:00.
        value (float | None | Unset): A numeric, monetary value to associate with this event. For example, the dollar
            amount of a purchase. Example: 9.99.
        value_currency (None | str | Unset): The ISO 4217 currency code of the value associated with the event. Example:
            USD.
        backfill (bool | None | Unset): When true, the event is recorded but does NOT trigger flows. Use this when
            backfilling
            historical events so existing flow definitions do not re-fire on events that already
            fired in the past.
        unique_id (None | str | Unset): A unique identifier for an event. If a unique_id is repeated for the same
            profile and metric,
            the request will fail and no events will be processed. If this field is not
            present, this field will use the time to the second. Using the default, this limits only one
            event per profile per second.
    """

    properties: EventProperties
    metric: EventMetric
    time: datetime.datetime | None | Unset = UNSET
    value: float | None | Unset = UNSET
    value_currency: None | str | Unset = UNSET
    backfill: bool | None | Unset = UNSET
    unique_id: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        properties = self.properties.to_dict()

        metric = self.metric.to_dict()

        time: None | str | Unset
        if isinstance(self.time, Unset):
            time = UNSET
        elif isinstance(self.time, datetime.datetime):
            time = self.time.isoformat()
        else:
            time = self.time

        value: float | None | Unset
        if isinstance(self.value, Unset):
            value = UNSET
        else:
            value = self.value

        value_currency: None | str | Unset
        if isinstance(self.value_currency, Unset):
            value_currency = UNSET
        else:
            value_currency = self.value_currency

        backfill: bool | None | Unset
        if isinstance(self.backfill, Unset):
            backfill = UNSET
        else:
            backfill = self.backfill

        unique_id: None | str | Unset
        if isinstance(self.unique_id, Unset):
            unique_id = UNSET
        else:
            unique_id = self.unique_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "properties": properties,
                "metric": metric,
            }
        )
        if time is not UNSET:
            field_dict["time"] = time
        if value is not UNSET:
            field_dict["value"] = value
        if value_currency is not UNSET:
            field_dict["value_currency"] = value_currency
        if backfill is not UNSET:
            field_dict["backfill"] = backfill
        if unique_id is not UNSET:
            field_dict["unique_id"] = unique_id

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.event_metric import EventMetric
        from ..models.event_properties import EventProperties

        d = dict(src_dict)
        properties = EventProperties.from_dict(d.pop("properties"))

        metric = EventMetric.from_dict(d.pop("metric"))

        def _parse_time(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                time_type_0 = datetime.datetime.fromisoformat(data)

                return time_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        time = _parse_time(d.pop("time", UNSET))

        def _parse_value(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        value = _parse_value(d.pop("value", UNSET))

        def _parse_value_currency(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        value_currency = _parse_value_currency(d.pop("value_currency", UNSET))

        def _parse_backfill(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        backfill = _parse_backfill(d.pop("backfill", UNSET))

        def _parse_unique_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        unique_id = _parse_unique_id(d.pop("unique_id", UNSET))

        event_attributes = cls(
            properties=properties,
            metric=metric,
            time=time,
            value=value,
            value_currency=value_currency,
            backfill=backfill,
            unique_id=unique_id,
        )

        event_attributes.additional_properties = d
        return event_attributes

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
