"""How records are taken in."""

from collections.abc import Collection

from attrs import frozen

from klaviyo_bulk_events.errors import ConfigurationError


@frozen(kw_only=True)
class Intake:
    """How records are taken in; the defaults refuse what would have to be guessed.

    Raises ConfigurationError for a timezone, metrics or a window of another kind.

    Attributes:
        timezone: the IANA name of the zone that naive times are in.
        unix_time: numbers are Unix seconds.
        stamp_now: a record without a time gets the time at which it is taken in (an `Event`
            always).
        profile_updates: false sends of each profile its identifiers alone.
        derive_unique_id: an event without `unique_id` gets one from its content. Without it Klaviyo
            keeps one event for each profile, metric and second.
        metrics: the only metrics allowed; None allows all. A metric can never be deleted.
        nulls: None in a record is sent as null rather than left out, where the spec takes one; that
            of a `time`, `unique_id` or `backfill`, which must be known here, still means "not
            given".
        window: how many keys are remembered to find repeats; 0 finds none.
    """

    timezone: str | None = None
    unix_time: bool = False
    stamp_now: bool = False
    profile_updates: bool = True
    derive_unique_id: bool = True
    metrics: Collection[str] | None = None
    nulls: bool = False
    rest_as_properties: bool = False
    window: int = 100_000

    def __attrs_post_init__(self) -> None:
        if self.timezone is not None and not isinstance(self.timezone, str):
            kind = type(self.timezone).__name__
            raise ConfigurationError(f"timezone is a name like Europe/London, not {kind}")
        if self.metrics is not None and not _are_names(self.metrics):
            raise ConfigurationError(
                'metrics is a collection of names, like ["Placed Order"], or None'
            )
        if type(self.window) is not int or self.window < 0:
            raise ConfigurationError(f"window is a whole number from 0, not {self.window!r}")


def _are_names(metrics: object) -> bool:
    """Whether it is a collection of texts; a single text would be one of letters."""
    return (
        isinstance(metrics, Collection)
        and not isinstance(metrics, str)
        and all(isinstance(name, str) for name in metrics)
    )
