"""What options say, and which are refused, without a JVM."""

import pickle
from typing import Any

import pytest

from klaviyo_bulk_events import ConfigurationError, Intake
from klaviyo_bulk_events.sources import Rules
from klaviyo_bulk_events.spark.options import settings_from
from klaviyo_bulk_events.spark.settings import Credentials, Settings, account_references

GOOD = {
    "account": "shop",
    "credential": "env:SHOP_KEY",
    "backfill": "true",
    "run": "orders",
    "ledger": "file:/ledger",
}
SECRET = "pk_0123456789abcdef"


def test_options_become_settings() -> None:
    """Whatever case their names have; and they can be pickled for tasks."""
    settings = settings_from(
        {
            **GOOD,
            "RATES": "10/s 150/m",
            "maxInFlight": "4",
            "uniqueIdFrom": "order, line",
            "timezone": "Europe/London",
            "checkpointLocation": "/tmp",
        }
    )
    assert settings.accounts == {"shop": "env:SHOP_KEY"}
    assert settings.client == {"rates": ("10/s", "150/m"), "max_in_flight": 4}
    assert settings.rules == Rules(unique_id_from=("order", "line"))
    assert settings.intake == Intake(timezone="Europe/London", derive_unique_id=False)
    assert pickle.loads(pickle.dumps(settings)) == settings


@pytest.mark.parametrize(("said", "means"), [("true", True), ("False", False), ("column", None)])
def test_backfill_is_said(said: str, means: bool | None) -> None:
    """It has no default; a column may say it for every row."""
    assert settings_from({**GOOD, "backfill": said}).backfill is means


@pytest.mark.parametrize("name", ["backfill", "run", "ledger", "account", "credential"])
def test_what_has_to_be_said(name: str) -> None:
    """Nothing of it has a default."""
    with pytest.raises(ConfigurationError, match=name):
        settings_from({key: value for key, value in GOOD.items() if key != name})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("apiKey", "anything"),
        ("api_key", "anything"),
        ("password", "anything"),
        ("credential", SECRET),
        ("account", SECRET),
        ("accounts", f'{{"shop": "{SECRET}"}}'),
        ("run", f"Klaviyo-API-Key {SECRET}"),
        ("ledger", f"redis://:{SECRET}x@host/0"),
        ("ledger", "redis://user:hunter22@host/0"),
        ("limiter", "rediss://:hunter22@host/0"),
        ("limiter", "redis://host/0?password=hunter22"),
        ("ledger", "redis://:hunter22/x@host/0"),
    ],
)
def test_what_looks_like_a_secret_is_refused(name: str, value: str) -> None:
    """It says what to do instead, and does not repeat it."""
    with pytest.raises(ConfigurationError, match=r"env:(NAME|SHOP)") as refused:
        settings_from({**GOOD, name: value})
    assert SECRET not in str(refused.value)
    assert "hunter22" not in str(refused.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"backfil": "true"}, "did you mean backfill"),
        ({"path": "/x"}, "no option 'path'"),
        ({"backfill": "yes"}, "true or false or column"),
        ({"deriveUniqueId": "maybe"}, "true or false"),
        ({"timeout": "soon"}, "a number"),
        ({"timeout": "-1"}, "timeout"),
        ({"rates": "fast"}, "rate"),
        ({"ledger": "chunks"}, "a ledger for Spark"),
        ({"credential": "the key"}, "a credential is a reference"),
        ({"accounts": "shop"}, "accounts is JSON"),
        ({"accounts": "{}"}, "no accounts"),
        ({"accounts": '{"a": "env:A", "b": "env:B"}'}, "a column has to say"),
        ({"accounts": '{"a\\n": "env:A"}'}, "printable"),
        ({"baseUrl": "http://klaviyo.org"}, "without TLS"),
    ],
)
def test_what_is_wrong_is_said(change: dict[str, str], said: str) -> None:
    """On the driver, with a way out."""
    with pytest.raises(ConfigurationError, match=said):
        settings_from({**GOOD, **change})


def test_a_setting_that_there_is_not() -> None:
    """Of a call from Python, too."""
    given: dict[str, Any] = {
        "accounts": {"shop": "env:KEY"},
        "account_column": None,
        "backfill": True,
        "run": "r",
        "ledger": "file:/x",
        "intake": Intake(),
        "rules": Rules(),
    }
    with pytest.raises(ConfigurationError, match="speed"):
        Settings(**given, client={"speed": 3})


def test_credentials_are_looked_up_when_they_are_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One that is missing is that account's trouble."""
    credentials = Credentials({"a": "env:THERE", "b": "env:NOT_THERE"})
    monkeypatch.setenv("THERE", SECRET)
    assert credentials["a"] == SECRET
    with pytest.raises(ConfigurationError, match=r"'b', on this worker: .*NOT_THERE"):
        credentials["b"]
    assert "b" in credentials


@pytest.mark.parametrize(
    "accounts", [SECRET, f'{{"shop": "{SECRET}"}}', {"shop": f"env:{SECRET}"}, {SECRET: "env:KEY"}]
)
def test_a_key_among_the_accounts_is_not_repeated(accounts: Any) -> None:
    """Where a reference or a file is wanted."""
    with pytest.raises(ConfigurationError, match="looks like a key") as refused:
        account_references(accounts)
    assert SECRET not in str(refused.value)
