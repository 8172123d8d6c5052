"""Which run a journal belongs to."""

from typing import Any, Final

import attrs

from klaviyo_bulk_events.endpoint import Endpoint
from klaviyo_bulk_events.errors import JournalError
from klaviyo_bulk_events.intake import Intake

_NAMES: Final = {
    "account": "the account (another API key)",
    "endpoint": "the endpoint's host",
    "backfill": "whether the events are a backfill",
}


def identity(
    endpoint: Endpoint, intake: Intake, backfill: bool | None, source: dict[str, Any], salt: str
) -> dict[str, Any]:
    """All that must stay the same for a run to go on, in plain JSON values.

    Of the account there is only a hash, with a salt that no other journal has.
    """
    account = endpoint.salted_account(salt)
    if account is None:
        raise JournalError(
            "with a callable for the token a journal needs the account's name: give account"
        )
    intake_fields = attrs.asdict(intake)
    del intake_fields["window"]
    if intake.metrics is not None:
        intake_fields["metrics"] = sorted(intake.metrics)
    return {
        "account": account,
        "endpoint": endpoint.host,
        "backfill": backfill,
        **{f"intake.{name}": value for name, value in intake_fields.items()},
        **{f"source.{name}": value for name, value in source.items()},
    }


def differences(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What differs, in words; of the account nothing is shown."""
    return [
        _told(name, before.get(name), now.get(name))
        for name in {**before, **now}
        if before.get(name) != now.get(name)
    ]


def _told(name: str, before: Any, now: Any) -> str:
    what = _NAMES.get(name, name.partition(".")[2].replace("_", " "))
    return what if name == "account" else f"{what} (was {before!r}, is {now!r})"
