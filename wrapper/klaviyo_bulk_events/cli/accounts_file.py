"""The accounts of a file, with their credentials by reference: no key stands in it."""

from pathlib import Path

from klaviyo_bulk_events.cli.environment import blank_key
from klaviyo_bulk_events.credentials import TokenSource
from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.references import is_function, look_in, references_in, resolve


def read_accounts(path: Path) -> dict[str, str | TokenSource]:
    """Each account's key, or what yields its access tokens. Modules may stand beside the file.

    Raises one ConfigurationError with all that is wrong, which never quotes what may be a key.
    """
    accounts: dict[str, str | TokenSource] = {}
    faults = []
    references = references_in(path)
    if any(map(is_function, references.values())):
        look_in(path.parent)
    for account, reference in references.items():
        try:
            accounts[account] = resolve(reference, account)
        except ConfigurationError as error:
            faults.append(f"{path}: the account {account!r}: {error}")
            continue
        if reference.startswith("env:"):
            # For --sql, as the one key of other runs.
            blank_key(reference.removeprefix("env:").encode())
    if faults:
        raise ConfigurationError("\n".join(faults))
    return accounts
