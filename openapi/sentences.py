"""The sentences of the spec that say a number, and how the number in them is read."""

import re
from collections.abc import Callable, Iterator
from string import Formatter
from typing import NamedTuple

from openapi.errors import GenerationError


class Rate(NamedTuple):
    """At most `limit` requests in a window of `seconds`."""

    limit: int
    seconds: float


Value = int | str | tuple[str, ...] | Rate


class Reading(NamedTuple):
    """What a sentence says of `name`, the sentence word for word, and where it stands."""

    name: str
    value: Value
    sentence: str
    place: str


class Sentence(NamedTuple):
    """What to look for: `{NAME:form}` stands for what may change, the rest is fixed."""

    place: str
    text: str

    def read_in(self, found: str) -> list[Reading]:
        """Find the sentence in a text, whatever its line breaks; without it nothing goes on."""
        folded = " ".join(found.split())
        readings = [
            Reading(name, _FORMS[form].read(match[name]), match[0].strip(), self.place)
            for match in re.finditer(self._pattern(), folded)
            for name, form in self._names()
        ]
        if not readings:
            raise GenerationError(
                f"a limit's sentence is gone or reads differently\n"
                f"  looked for: {self.text}\n  in: {self.place}\n  which says: {folded}"
            )
        return readings

    def _names(self) -> Iterator[tuple[str, str]]:
        for _, name, form, _ in Formatter().parse(self.text):
            if name and form:
                yield name, form

    def _pattern(self) -> str:
        return "".join(
            re.escape(fixed) + (f"(?P<{name}>{_FORMS[form].pattern})" if name and form else "")
            for fixed, name, form, _ in Formatter().parse(self.text)
        )


class _Form(NamedTuple):
    pattern: str
    read: Callable[[str], Value]


def _count(text: str) -> int:
    return int(text.replace(",", ""))


def _size(text: str) -> int:
    # A million for M: what keeps within that keeps within 2**20 too.
    return int(text[:-2]) * {"KB": 1_000, "MB": 1_000_000}[text[-2:]]


def _rate(text: str) -> Rate:
    limit, unit = text.split("/")
    return Rate(int(limit), {"s": 1.0, "m": 60.0, "h": 3600.0}[unit])


_FORMS = {
    "count": _Form(r"\d[\d,]*", _count),
    "below": _Form(r"\d[\d,]*", lambda text: _count(text) - 1),
    "after": _Form(r"\d[\d,]*", lambda text: _count(text) + 1),
    "size": _Form(r"\d+ ?[KM]B", _size),
    "years": _Form(r"\d+ years?", lambda text: int(text.split()[0])),
    "rate": _Form(r"\d+/[smh]", _rate),
    "scopes": _Form(
        r'(?:[`"][\w:-]+[`"][, ]*)+', lambda text: tuple(sorted(re.findall(r"[\w:-]+", text)))
    ),
    "revision": _Form(r"\d{4}-\d{2}-\d{2}[\w.-]*", str),
    "address": _Form(r"https://[\w.:-]+", str),
}
