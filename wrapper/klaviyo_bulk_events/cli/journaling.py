"""The journal of `send`: its source's name, and the snapshot of one that can be read only once."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from klaviyo_bulk_events.cli.account import rates_of
from klaviyo_bulk_events.cli.inputs import Inputs
from klaviyo_bulk_events.cli.reporting import told
from klaviyo_bulk_events.errors import JournalError
from klaviyo_bulk_events.journal import FileJournal
from klaviyo_bulk_events.journal.files import Lock
from klaviyo_bulk_events.journal.inspection import begun, final_lines, standing
from klaviyo_bulk_events.journal.snapshot import NothingLeft, SnapshotSource, path_of, write
from klaviyo_bulk_events.sources import Source

_TELLING: Final = (
    "source",
    "sql",
    "attach",
    "form",
    "metric",
    "unique_id_from",
    "mappings",
    "map_file",
)


class Keeping:
    """What a journal adds to `send`. Raises JournalError for what is no journal, or was purged."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._path: Path = options["journal"]
        self._is_read_once = options["sql"] is not None or not all(
            map(os.path.isfile, options["source"])
        )
        source = {name: _plain(options[name]) for name in _TELLING if options[name]}
        rates = rates_of(options)
        limits = [{"requests": rate.limit, "seconds": rate.seconds} for rate in rates]
        about = {"settings": told(options, show_values=False), "limits": limits}
        self.journal = FileJournal(self._path, source, about)
        self._is_begun = begun(self._path)

    def replayed(self) -> list[Source] | None:
        """What stands in for a source that was read before and can't be read again."""
        if not self._is_read_once:
            return None
        if path_of(self._path).exists():
            return [SnapshotSource(self._path)]
        if self._is_begun and standing(self._path).complete:
            return [NothingLeft()]
        return None

    def with_snapshot(self, inputs: Inputs) -> Inputs:
        """The inputs, written down first if they can be read only once."""
        if not self._is_read_once or self.replayed() is not None:
            return inputs
        lock = Lock(self._path)
        try:
            write(inputs.records(), self._path)
        finally:
            lock.release()
        return attrs.evolve(inputs, sources=[SnapshotSource(self._path)])

    def lines_before(self) -> list[bytes]:
        """What the sessions before set aside for good, once the journal is open."""
        return list(final_lines(self._path))

    def timeline(self) -> dict[str, Any] | None:
        """That of the run's sessions, once it has ended; None where the journal has failed."""
        try:
            return standing(self._path).timeline
        except JournalError:
            return None


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else str(value)
