"""The accounts of a file, with their credentials by reference: no key stands in it."""

import importlib
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from klaviyo_bulk_events.cli.account import read_key
from klaviyo_bulk_events.cli.environment import blank_key
from klaviyo_bulk_events.credentials import TokenSource
from klaviyo_bulk_events.errors import ConfigurationError

_FUNCTION: Final = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
_FORMS: Final = "env:NAME, file:PATH or module:function"


def read_accounts(path: Path) -> dict[str, str | TokenSource]:
    """Each account's key, or what yields its access tokens.

    Raises one ConfigurationError with all that is wrong, which never quotes what may be a key.
    """
    accounts: dict[str, str | TokenSource] = {}
    faults = []
    for account, reference in _content(path).items():
        try:
            accounts[account] = _credential(account, reference)
        except ConfigurationError as error:
            faults.append(f"{path}: the account {account!r}: {error}")
    if faults:
        raise ConfigurationError("\n".join(faults))
    return accounts


def _content(path: Path) -> Mapping[str, Any]:
    try:
        content = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error.strerror}") from None
    except ValueError:  # whose text may quote a key
        raise ConfigurationError(f'{path} is no TOML: shop-1 = "env:SHOP_1_KEY"') from None
    if not content:
        raise ConfigurationError(f'{path} names no account: shop-1 = "env:SHOP_1_KEY"')
    return content


def _credential(account: str, reference: object) -> str | TokenSource:
    text = reference if isinstance(reference, str) else ""
    kind, colon, where = text.partition(":")
    if colon and where and kind == "env":
        return _from_environment(where)
    if colon and where and kind == "file":
        return read_key(Path(where)) or ""
    if _FUNCTION.fullmatch(text):
        return partial(_function(kind, where), account)
    raise ConfigurationError(
        f"a credential is a reference, {_FORMS}. A key itself is refused here: files like this one "
        "are copied, committed and mailed, and whoever has a key can send as the shop"
    )


def _from_environment(name: str) -> str:
    key = os.environ.get(name)
    if not key:
        raise ConfigurationError(f"the environment has no {name}")
    blank_key(name.encode())  # for --sql, as the one key of other runs
    return key


def _function(module: str, name: str) -> Callable[[str], Any]:
    try:
        function = getattr(importlib.import_module(module), name)
    except Exception as error:  # whatever a module raises
        kind = type(error).__name__
        raise ConfigurationError(f"{module}:{name} can't be imported: {kind}") from None
    if not callable(function):
        raise ConfigurationError(f"{module}:{name} is no function")
    return function  # type: ignore[no-any-return]
