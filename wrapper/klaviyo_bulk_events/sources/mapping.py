"""What `--map` and mapping files say: which field a column becomes, and of what type."""

import json
import tomllib
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.sources.cells import TYPES, Convert
from klaviyo_bulk_events.sources.fields import is_field, meant_by

_FORM: Final = "'Order Total=properties.total:number'"


@frozen
class Mapped:
    """The field that a column becomes; `convert` None leaves its cells as they are."""

    field: str
    convert: Convert | None = None


def read_map_option(text: str) -> tuple[str, Mapped]:
    """Read `COLUMN=FIELD[:TYPE]`. Raises ConfigurationError."""
    column, equals, target = text.rpartition("=")
    if not equals or not column:
        raise ConfigurationError(f"a mapping is written {_FORM}, not {text!r}")
    return column, _read_target(target)


def read_map_file(path: Path) -> dict[str, Mapped]:
    """Read a TOML or JSON file of columns with `FIELD[:TYPE]`. Raises ConfigurationError."""
    content = _read_file(path)
    if not isinstance(content, dict) or not all(isinstance(v, str) for v in content.values()):
        raise ConfigurationError(
            f'{path} must hold columns with their fields: "Order Total" = "properties.total:number"'
        )
    return {column: _read_target(target) for column, target in content.items()}


def _read_file(path: Path) -> Any:
    loads = {".toml": tomllib.loads, ".json": json.loads}.get(path.suffix.lower())
    if loads is None:
        raise ConfigurationError(f"a mapping file is .toml or .json, not {path}")
    try:
        return loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error.strerror}") from None
    except ValueError as error:
        raise ConfigurationError(f"{path} is no {path.suffix[1:].upper()}: {error}") from None


def _read_target(target: str) -> Mapped:
    name, colon, kind = target.rpartition(":") if ":" in target else (target, "", "")
    if colon and kind not in TYPES:
        raise ConfigurationError(f"there is no type {kind!r}: types are {', '.join(TYPES)}")
    if not is_field(name):
        meant = meant_by(name)
        mend = f"did you mean {meant}?" if meant else "say properties.NAME to make it a property"
        raise ConfigurationError(f"a column can't become {name!r}: {mend}")
    return Mapped(name, TYPES.get(kind))
