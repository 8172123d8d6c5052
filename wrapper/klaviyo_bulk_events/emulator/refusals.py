"""Why a request is refused."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

INVALID: Final = "invalid"
DUPLICATE: Final = "duplicate"
TWICE: Final = "duplicate_in_request"
REPEATS: Final = frozenset({DUPLICATE, TWICE})

Path = tuple[str | int, ...]


class Flaw(NamedTuple):
    """One thing that is wrong with a request; `path` leads into its body where it's known."""

    detail: str
    path: Path | None = None
    code: str = INVALID
    parameter: str | None = None

    @property
    def pointer(self) -> str | None:
        """The path as a JSON pointer (RFC 6901)."""
        return None if self.path is None else pointer(self.path)


class RequestRefused(Exception):  # noqa: N818 - it is an answer, no error of ours
    """The request is answered with this status and these flaws; nothing of it is processed."""

    def __init__(
        self, status: int, flaws: Sequence[Flaw], headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, flaws)
        self.status = status
        self.flaws = flaws
        self.headers = headers or {}


def pointer(path: Iterable[str | int]) -> str:
    """Write a path as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
