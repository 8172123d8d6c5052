"""What `emulate` does."""

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import click

from klaviyo_bulk_events.cli.summary import aligned
from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.rates import Rate


def emulator() -> ModuleType:
    """The emulator. Raises ConfigurationError where its extra is missing."""
    from klaviyo_bulk_events import emulator

    return emulator


def list_faults() -> None:
    """Name the faults, each with a sentence."""
    click.echo("\n".join(aligned(emulator().SUMMARIES.items(), "<<")))


def run(options: Mapping[str, Any]) -> None:
    """Serve until told to stop. Raises ConfigurationError."""
    settings = emulator().Settings(**_settings(options))
    try:
        emulator().serve(
            settings,
            host=options["host"],
            port=options["port"],
            allow_hosts=options["allow_host"],
            announce=lambda running: click.echo(f"Listening at {running.url}"),
        )
    except OSError as error:
        where = f"{options['host']}:{options['port']}"
        raise ConfigurationError(f"{where} can't be listened on: {error.strerror}") from None


def _settings(options: Mapping[str, Any]) -> dict[str, Any]:
    settings = {
        "repeats": options["repeats"],
        "name_faults": "all" if options["all_faults"] else "first",
        "pointers": options["pointers"],
        "api_key": options["api_key"],
        "account_per_key": options["account_per_key"],
        "faults": _faults(options["fault"]),
        "seed": options["seed"],
    }
    if options["rate"]:
        settings["rates"] = tuple(map(Rate.parse, options["rate"]))
    if options["keep"] is not None:
        settings["keep"] = options["keep"]
    return settings


def _faults(given: Sequence[str]) -> dict[str, float]:
    faults = {}
    for text in given:
        name, _, probability = text.partition("=")
        try:
            faults[name] = float(probability)
        except ValueError:
            raise ConfigurationError(f"a fault is written html_503=0.1, not {text!r}") from None
    return faults
