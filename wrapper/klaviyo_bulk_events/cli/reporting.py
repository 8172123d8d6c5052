"""What `--report` keeps of a run, and writes."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from klaviyo_bulk_events.cli.account import rates_of
from klaviyo_bulk_events.cli.display import say
from klaviyo_bulk_events.limits import SERVER
from klaviyo_bulk_events.outcomes import Outcome
from klaviyo_bulk_events.rates import Rate
from klaviyo_bulk_events.run_report import Reasons, masking
from klaviyo_bulk_events.run_report.file import write
from klaviyo_bulk_events.steps import Notice
from klaviyo_bulk_events.timeline import Timeline

_TOLD: Final = (
    *("source", "sql", "attach", "form", "limit", "backfill", "trigger_flows", "metric"),
    *("allow_metric", "timezone", "unix_time", "stamp_now", "unique_id_from", "window", "nulls"),
    *("no_profile_updates", "rest_as_properties", "mappings", "map_file", "account", "accounts"),
    *("account_column", "share", "limiter", "timeout", "deadline", "wait_for_outage"),
    *("max_in_flight", "narrowing_budget", "journal"),
)
_FILES: Final = frozenset({"source", "map_file", "accounts", "journal"})
_NO_ONES: Final = frozenset({"account", "limiter"})
"""What is nobody's data, and is told as it is."""


class Reporting:
    """Keeps what the report of a run is made of; without `--report`, nothing.

    rates: those that the requests of all accounts together keep.
    """

    def __init__(self, options: Mapping[str, Any], rates: Sequence[Rate]) -> None:
        self.path: Path | None = options["report"]
        self._options = options
        self.reasons = Reasons(show_values=options["show_values"])
        self.timeline = Timeline(rates)

    def hear(self, outcome: Outcome) -> None:
        """Take an outcome."""
        if self.path is not None:
            self.reasons.hear(outcome)

    def read(self, lines: Iterable[bytes]) -> None:
        """Take what sessions before set aside."""
        if self.path is not None:
            self.reasons.read(lines)

    def note(self, notice: Notice) -> None:
        """Take a notice, from any thread."""
        if self.path is not None:
            self.timeline(notice)

    def settings(self) -> dict[str, Any]:
        """The options, as a report tells them."""
        return told(self._options, show_values=self.reasons.show_values)

    def write(self, document: Mapping[str, Any]) -> bool:
        """Write the report; false, and a word about it, if there is no room for it."""
        if self.path is None:
            return True
        try:
            write(self.path, document)
        except OSError as error:
            say(f"{self.path} is not complete: {error.strerror}")
            return False
        return True


def told(options: Mapping[str, Any], *, show_values: bool) -> dict[str, Any]:
    """The options as a report tells them: files by their names, no credentials."""
    given = {name: options.get(name) for name in _TOLD}
    shown = {
        name: _told(name, value, show_values=show_values)
        for name, value in given.items()
        if value is not None and value is not False and value not in ((), "memory:")
    }
    shown["rate"] = [str(rate) for rate in rates_of(options)]
    if "base_url" in options:
        base_url = options["base_url"] or os.environ.get("KLAVIYO_BASE_URL") or SERVER
        shown["base_url"] = _without_user(base_url)
    return shown


def _told(name: str, value: Any, *, show_values: bool) -> Any:
    if isinstance(value, tuple):
        return [_told(name, part, show_values=show_values) for part in value]
    if name == "attach":
        return "a database"  # where it is may hold a password
    if name == "sql" and not show_values:
        return "a query"
    if name == "limiter":
        return _without_user(value)
    if name in _FILES:
        value = Path(value).name
    if isinstance(value, str) and not show_values and name not in _NO_ONES:
        return masking.masked(value)
    return value


def _without_user(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()
