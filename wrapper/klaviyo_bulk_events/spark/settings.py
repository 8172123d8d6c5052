"""What every task has to know."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from klaviyo_bulk_events.arrow.sending import check_run
from klaviyo_bulk_events.client import KlaviyoBulkEvents
from klaviyo_bulk_events.credentials import TokenSource
from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.references import check_reference, references_in, resolve
from klaviyo_bulk_events.settings import check_backfill
from klaviyo_bulk_events.sources.rules import Rules
from klaviyo_bulk_events.spark.secrets import known_here, located, refuse_secrets

_LOCATIONS: Final = ("file:", "sqlite:", "redis:", "rediss:", "env:")


@frozen(kw_only=True)
class Settings:
    """How a DataFrame is sent. It is pickled for the tasks, and holds no credential.

    accounts: by name, where each one's credential is. account_column: which of them a row is for;
    None if there is one. client: the settings of `AsyncAccounts`.

    Raises ConfigurationError.
    """

    accounts: Mapping[str, str]
    account_column: str | None
    backfill: bool | None
    run: str
    ledger: str
    intake: Intake
    rules: Rules
    client: Mapping[str, Any]

    def __attrs_post_init__(self) -> None:
        check_run(self.intake, self.ledger, self.run)
        refuse_secrets({"run": self.run, "ledger": self.ledger, **_texts(self.client)})
        _check_accounts(self.accounts, self.account_column)
        check_backfill(self.backfill)
        if not self.ledger.startswith(_LOCATIONS):
            raise ConfigurationError(
                "a ledger for Spark is file:FOLDER that all machines see, redis://HOST, env:NAME "
                "with such a URL in it, or, on one machine, sqlite:////PATH"
            )
        _check_client(self.client)

    @property
    def zoned(self) -> bool:
        """Whether times without a zone are known to have one."""
        return self.intake.timezone is not None

    def client_settings(self) -> dict[str, Any]:
        """The settings, with the limiter's URL as the environment here has it."""
        settings = dict(self.client)
        if "limiter" in settings:
            settings["limiter"] = located(settings["limiter"])
        return settings


def account_references(accounts: Mapping[str, str] | str | Path) -> Mapping[str, str]:
    """The accounts as they are given, or as a TOML file has them. Raises ConfigurationError."""
    given = accounts if isinstance(accounts, Mapping) else {str(accounts): ""}
    refuse_secrets({"accounts": "\n".join(map(str, (*given, *given.values())))})
    return accounts if isinstance(accounts, Mapping) else references_in(Path(accounts))


def _check_accounts(accounts: Mapping[str, str], column: str | None) -> None:
    if not accounts:
        raise ConfigurationError('there are no accounts: accounts={"shop-1": "env:SHOP_1_KEY"}')
    faults = []
    for account, reference in accounts.items():
        if not isinstance(account, str) or not account or not account.isprintable():
            faults.append("an account's name is a text of printable characters")
        try:
            check_reference(reference)
        except ConfigurationError as error:
            faults.append(f"the account {account!r}: {error}")
    if column is None and len(accounts) > 1:
        faults.append("with more than one account a column has to say which of them a row is for")
    if faults:
        raise ConfigurationError("\n".join(faults))


def _check_client(settings: Mapping[str, Any]) -> None:
    """Raises ConfigurationError for what no task could make a client of."""
    known = {k: v for k, v in settings.items() if k != "limiter" or known_here(v)}
    if "limiter" in known:
        known["limiter"] = located(known["limiter"])
    try:
        KlaviyoBulkEvents(_no_token, account="none", **known).close()
    except TypeError as error:
        raise ConfigurationError(f"no such setting: {error}") from None


def _no_token() -> str:
    raise AssertionError("nothing is sent while settings are checked")


def _texts(settings: Mapping[str, Any]) -> dict[str, str]:
    return {name: value for name, value in settings.items() if isinstance(value, str)}


class Credentials(Mapping[str, str | TokenSource]):
    """The credentials of accounts, each looked up where this runs, once it is asked for."""

    def __init__(self, references: Mapping[str, str]) -> None:
        self._references = references

    def __getitem__(self, account: str) -> str | TokenSource:
        try:
            return resolve(self._references[account], account)
        except ConfigurationError as error:
            raise ConfigurationError(f"the account {account!r}, on this worker: {error}") from None

    def __iter__(self) -> Any:
        return iter(self._references)

    def __len__(self) -> int:
        return len(self._references)

    def __contains__(self, account: object) -> bool:
        return account in self._references
