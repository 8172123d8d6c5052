"""The fenced blocks of a page, and what the page says about running them.

- A block with a `title` is a file of that name.
- `python` runs in one process for the page, `console` in a shell.
- `text` is what the block before it prints; `...` stands for anything.
- Blocks without a language are for reading.
- `<!-- test: ... -->` on the line before a block says what a reader knows without it: that a
  command is left running and what it then says (`background Listening`), ends with another code
  than 0 (`exits 1`), is done in this environment already (`installed`), runs in one that has
  nothing (`fresh`), in a checkout of the project (`checkout`), or is what runs the tests (`ci`).
"""

import re
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

_BLOCK = re.compile(
    r"^(?:<!-- test: (?P<note>[^>]*) -->\n)?"
    r"```(?P<language>\w*)(?: title=\"(?P<title>[^\"]+)\")?\n"
    r"(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)


@frozen
class Block:
    """A fenced block; `line` is where its text starts, from 1."""

    line: int
    language: str
    title: str | None
    note: str
    text: str


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of a page in their order; a fence that no rule knows is an error."""
    text = page.read_text(encoding="utf-8")
    found = list(_BLOCK.finditer(text))
    fences = len(re.findall(r"^\s*```", text, re.MULTILINE))
    assert fences == 2 * len(found), f"{page.name}: a fenced block that is not understood"
    outside = _BLOCK.sub("", text)
    assert not re.search(r"\n\n {4}\S", outside), f"{page.name}: a block without a fence"
    for match in found:
        line = text.count("\n", 0, match.start("text")) + 1
        language, title, note = match["language"], match["title"], match["note"] or ""
        yield Block(line, language, title, note.strip(), match["text"])
