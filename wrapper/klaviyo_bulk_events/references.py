"""Credentials by reference: where one is kept, and never the key itself."""

import importlib
import os
import re
import sys
import tomllib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from klaviyo_bulk_events.credentials import TokenSource
from klaviyo_bulk_events.errors import ConfigurationError

_FUNCTION: Final = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
_NO_MODULES: Final = frozenset({"env", "file"})
_FORMS: Final = "env:NAME, file:PATH or module:function"
_EXAMPLE: Final = 'shop-1 = "env:SHOP_1_KEY"'


def references_in(path: Path) -> Mapping[str, Any]:
    """What a TOML file says of each account, unchecked.

    Raises ConfigurationError, which never quotes what may be a key.
    """
    try:
        content = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error.strerror}") from None
    except ValueError:  # whose text may quote a key
        raise ConfigurationError(f"{path} is no TOML: {_EXAMPLE}") from None
    if not content:
        raise ConfigurationError(f"{path} names no account: {_EXAMPLE}")
    return content


def check_reference(reference: object) -> None:
    """Raises ConfigurationError, without the text, for what is no reference."""
    text = reference if isinstance(reference, str) else ""
    kind, colon, where = text.partition(":")
    if (colon and where and kind in _NO_MODULES) or _FUNCTION.fullmatch(text):
        return
    raise ConfigurationError(
        f"a credential is a reference, {_FORMS}. A key itself is refused here: what holds it is "
        "copied, committed and mailed, and whoever has a key can send as the shop"
    )


def resolve(reference: str, account: str) -> str | TokenSource:
    """The account's key, or what yields its access tokens. Raises ConfigurationError."""
    check_reference(reference)
    kind, _, where = reference.partition(":")
    if kind == "env":
        return text_in_environment(where)
    if kind == "file":
        return key_in(Path(where))
    return partial(_function(kind, where), account)


def key_in(path: Path) -> str:
    """The key in the file. Raises ConfigurationError."""
    try:
        key = path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(f"the API key can't be read from {path}") from None
    if not key:
        raise ConfigurationError(f"there is no API key in {path}: the file is empty")
    return key


def text_in_environment(name: str) -> str:
    """What the environment has under the name. Raises ConfigurationError."""
    text = os.environ.get(name)
    if not text:
        raise ConfigurationError(f"the environment has no {name}")
    return text


def look_in(folder: Path) -> None:
    """Have modules found in this folder, too, for good; one that is found elsewhere goes first."""
    if (text := str(folder.absolute())) not in sys.path:
        sys.path.append(text)


def is_function(reference: object) -> bool:
    """Whether a reference names a function, and no file or variable."""
    text = reference if isinstance(reference, str) else ""
    kind = text.partition(":")[0]
    return kind not in _NO_MODULES and _FUNCTION.fullmatch(text) is not None


def _function(module: str, name: str) -> Callable[[str], Any]:
    try:
        function = getattr(importlib.import_module(module), name)
    except Exception as error:  # whatever a module raises
        raise ConfigurationError(f"{module}:{name} can't be imported: {_why(error)}") from None
    if not callable(function):
        raise ConfigurationError(f"{module}:{name} is no function")
    return function  # type: ignore[no-any-return]


def _why(error: Exception) -> str:
    kind = type(error).__name__
    if isinstance(error, ModuleNotFoundError):
        return f"{kind} (a module is looked for in what is installed and in PYTHONPATH)"
    return kind
