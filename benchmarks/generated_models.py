"""The shop's rows as the generated models, for the generated client."""

from collections.abc import Iterable

from benchmarks import shop
from klaviyo_bulk_events_api import models as m


def job(rows: Iterable[shop.Row]) -> m.CreateJob:
    """The request, events grouped by profile."""
    grouped: dict[str, list[m.EventData]] = {}
    entries: list[m.ProfileEntry] = []
    for row in rows:
        group = grouped.get(row.email)
        if group is None:
            group = grouped[row.email] = []
            entries.append(_entry(row, group))
        group.append(_event(row))
    return m.CreateJob(
        data=m.CreateJobData(
            type_=m.CreateJobType.EVENT_BULK_CREATE_JOB,
            attributes=m.CreateJobAttributes(events_bulk_create=m.CreateJobEntries(data=entries)),
        )
    )


def _entry(row: shop.Row, group: list[m.EventData]) -> m.ProfileEntry:
    return m.ProfileEntry(
        type_=m.ProfileEntryType.EVENT_BULK_CREATE,
        attributes=m.ProfileEntryAttributes(
            backfill=True,
            profile=m.ProfileEntryProfile(data=_profile(row)),
            events=m.ProfileEntryEvents(data=group),
        ),
    )


def _profile(row: shop.Row) -> m.ProfileData:
    return m.ProfileData(
        type_=m.ProfileType.PROFILE,
        attributes=m.ProfileAttributes(
            email=row.email,
            first_name=row.first_name,
            last_name=row.last_name,
            location=m.ProfileLocation(city=row.city, country=row.country),
        ),
    )


def _event(row: shop.Row) -> m.EventData:
    properties = m.EventProperties()
    properties.additional_properties = shop.properties(row)
    return m.EventData(
        type_=m.EventType.EVENT,
        attributes=m.EventAttributes(
            properties=properties,
            metric=m.EventMetric(
                data=m.MetricData(
                    type_=m.MetricType.METRIC, attributes=m.MetricAttributes(name=shop.METRIC)
                )
            ),
            time=row.ordered_at,
            value=float(row.price),
            value_currency=row.currency,
            unique_id=shop.unique_id(row),
            backfill=True,
        ),
    )
