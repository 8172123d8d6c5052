"""HTML and SVG in which everything that is given as text stays text."""

import html
from typing import TypeAlias


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Content: TypeAlias = str | int | float | None


def tag(name: str, *content: Content, **attributes: Content | bool) -> Markup:
    """An element. Of attributes, `_` is `-` and a last one falls away; None leaves one out."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_escaped(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if not content:
        return Markup(f"<{name}{given}/>" if name in _EMPTY else f"<{name}{given}></{name}>")
    return Markup(f"<{name}{given}>{join(*content)}</{name}>")


def join(*content: Content) -> Markup:
    """Several parts as one."""
    return Markup("".join(map(_part, content)))


def _part(content: Content) -> str:
    if content is None:
        return ""
    return content if isinstance(content, Markup) else _escaped(content)


def _escaped(content: Content) -> str:
    """Escaped, and without characters that turn a line's direction or are none at all."""
    text = "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in str(content))
    return html.escape(text)


_EMPTY = frozenset({"meta", "rect", "line", "path", "circle", "br"})
