"""The options of the format "klaviyo"; all of them are texts."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson

from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.problems import nearest
from klaviyo_bulk_events.sources.rules import Rules
from klaviyo_bulk_events.spark.secrets import refuse_secrets
from klaviyo_bulk_events.spark.settings import Settings

_BACKFILL: Final = {"true": True, "false": False, "column": None}
_SPARKS_OWN: Final = frozenset(("checkpointlocation", "queryname"))


def settings_from(given: Mapping[str, str]) -> Settings:
    """The settings that options say, whose names have no case. Raises ConfigurationError."""
    refuse_secrets(given)
    options = {name.lower(): value for name, value in given.items()}
    _check_names(options)
    for name in ("backfill", "run", "ledger"):
        if name not in options:
            raise ConfigurationError(f"the option {name} is missing: {_NEEDED[name]}")
    return Settings(
        accounts=_accounts(options),
        account_column=options.get("accountcolumn"),
        backfill=_choice("backfill", options["backfill"], _BACKFILL),
        run=options["run"],
        ledger=options["ledger"],
        intake=Intake(**{"derive_unique_id": False, **_read(options, _INTAKE)}),
        rules=Rules(**_read(options, _RULES)),
        client=_read(options, _CLIENT),
    )


def _accounts(options: Mapping[str, str]) -> Mapping[str, str]:
    if "accounts" in options:
        return _references(options["accounts"])
    if "account" not in options or "credential" not in options:
        raise ConfigurationError(
            "whose events are these? Give account, a name, and credential, a reference such as "
            "env:SHOP_1_KEY; or accounts, JSON of names and references, and accountColumn"
        )
    return {options["account"]: options["credential"]}


def _references(text: str) -> Mapping[str, str]:
    try:
        accounts = orjson.loads(text)
    except ValueError:  # whose text may quote a key
        accounts = None
    if not isinstance(accounts, dict):
        raise ConfigurationError('accounts is JSON, like {"shop-1": "env:SHOP_1_KEY"}')
    return accounts


def _check_names(options: Mapping[str, str]) -> None:
    known = {name.lower(): name for name in (*_NEEDED, *_OTHERS, *_INTAKE, *_RULES, *_CLIENT)}
    for name in options:
        if name not in known and name not in _SPARKS_OWN:
            meant = nearest(name, tuple(known))
            hint = f": did you mean {known[meant]}?" if meant else ""
            raise ConfigurationError(f"the format klaviyo has no option {name!r}{hint}")


def _choice(name: str, value: str, choices: Mapping[str, Any]) -> Any:
    if value.lower() not in choices:
        raise ConfigurationError(f"{name} is {' or '.join(choices)}, not {value!r}")
    return choices[value.lower()]


def _read(options: Mapping[str, str], known: Mapping[str, Any]) -> dict[str, Any]:
    return {
        field: read(name, options[name.lower()])
        for name, (field, read) in known.items()
        if name.lower() in options
    }


def _text(_: str, value: str) -> str:
    return value


def _flag(name: str, value: str) -> Any:
    return _choice(name, value, {"true": True, "false": False})


def _names(_: str, value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _rates(_: str, value: str) -> tuple[str, ...]:
    return tuple(re.split(r"[,\s]+", value.strip()))


def _number(kind: Callable[[str], float]) -> Callable[[str, str], float]:
    def read(name: str, value: str) -> float:
        try:
            return kind(value)
        except ValueError:
            raise ConfigurationError(f"{name} is a number, not {value!r}") from None

    return read


_NEEDED: Final = {
    "backfill": "true for history, which fires no flows, false for what has just happened, which "
    "does, or column: every row says it itself",
    "run": "a name for this write; with the same name a job goes on where another one ended",
    "ledger": "where the fate of what was sent is kept, as file:FOLDER or redis://HOST",
}
_OTHERS: Final = ("accounts", "account", "credential", "accountColumn")
_INTAKE: Final = {
    "deriveUniqueId": ("derive_unique_id", _flag),
    "timezone": ("timezone", _text),
    "profileUpdates": ("profile_updates", _flag),
    "metrics": ("metrics", _names),
}
_RULES: Final = {
    "metric": ("metric", _text),
    "uniqueIdFrom": ("unique_id_from", _names),
    "restAsProperties": ("rest_as_properties", _flag),
}
_CLIENT: Final = {
    "baseUrl": ("base_url", _text),
    "rates": ("rates", _rates),
    "share": ("share", _number(float)),
    "limiter": ("limiter", _text),
    "timeout": ("timeout", _number(float)),
    "deadline": ("deadline", _number(float)),
    "waitForOutage": ("wait_for_outage", _number(float)),
    "maxInFlight": ("max_in_flight", _number(int)),
    "narrowingBudget": ("narrowing_budget", _number(int)),
    "resendUnsafe": ("resend_unsafe", _flag),
    "allowPlainHttp": ("allow_plain_http", _flag),
}
