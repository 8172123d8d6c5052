"""Sources as files, and where in them each record stands."""

import gzip
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from attrs import define, frozen
from backports import zstd

from chaos.forms import header
from chaos.plan import Plan
from chaos.records import Item

_PACK: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "": bytes,
    ".gz": lambda data: gzip.compress(data, 1),
    ".zst": zstd.compress,
}


AGAIN: Final = "again"


@frozen
class Source:
    """A file in the run's folder; `first` is the line of its first record."""

    name: str
    items: Sequence[Item]
    first: int = 1

    @property
    def is_csv(self) -> bool:
        """Whether it is a table."""
        return ".csv" in self.name

    @property
    def is_set_aside(self) -> bool:
        """Whether its lines come from a rejects file."""
        return self.name.startswith(AGAIN)


@define
class Folder:
    """Writes the files of a run, each under a name of its own."""

    path: Path
    _written: int = 0

    def source(self, items: Sequence[Item], plan: Plan) -> Source:
        """Write records in the form of the plan."""
        name = f"{self._next('source')}.{plan.form}{plan.packed}"
        return self._write(name, items, header(plan), _PACK[plan.packed])

    def set_aside(self, items: Sequence[Item]) -> Source:
        """Write lines of a rejects file."""
        return self._write(f"{self._next(AGAIN)}.jsonl", items)

    def _next(self, stem: str) -> str:
        self._written += 1
        return f"{stem}-{self._written}"

    def _write(
        self,
        name: str,
        items: Sequence[Item],
        head: bytes = b"",
        pack: Callable[[bytes], bytes] = bytes,
    ) -> Source:
        data = head + b"".join(item.line + b"\n" for item in items)
        (self.path / name).write_bytes(pack(data))
        return Source(name, items, 2 if head else 1)


def positions(sources: Sequence[Source]) -> dict[str, int]:
    """The position among all records of the record at each origin."""
    origins = [
        f"{source.name}:{line}"
        for source in sources
        for line in range(source.first, source.first + len(source.items))
    ]
    return {origin: position for position, origin in enumerate(origins)}
