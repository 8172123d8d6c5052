"""What a run can find wrong."""

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import NamedTuple

_SHOWN = 10
_LENGTH = 800


class Kind(Enum):
    """What was promised and not kept."""

    LOST = "lost"
    DOUBLED = "doubled"
    SUM = "sum"
    CLAIM = "claim"
    INVALID = "invalid"
    LIMIT = "limit"
    OTHER = "other"


class Wrong(NamedTuple):
    """One thing that isn't as promised."""

    kind: Kind
    text: str

    def __str__(self) -> str:
        return f"{self.kind.value}: {self.text[:_LENGTH]}"


class RunFailedError(Exception):
    """Something that is promised was not true."""

    def __init__(self, where: str, wrong: Sequence[Wrong]) -> None:
        lines = "".join(f"\n  {one}" for one in wrong[:_SHOWN])
        super().__init__(f"{where}: {len(wrong)} faults{lines}")
        self.wrong = wrong


def all_of(kind: Kind, texts: Iterable[str]) -> list[Wrong]:
    """The texts as faults of one kind."""
    return [Wrong(kind, text) for text in texts]
