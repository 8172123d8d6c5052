"""One difference between two revisions of the spec."""

from typing import NamedTuple


class Change(NamedTuple):
    """A difference. It is breaking if a request that was right before may now be refused."""

    breaking: bool
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{'BREAKING' if self.breaking else 'ok':10}{self.kind:10}{self.text}"
