"""Files of every kind, whole and broken."""

import gzip
import io
import json
import math
import sys
from pathlib import Path
from typing import Any

import pytest

from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.sources import Rules, lines, open_files

from .conftest import Read, codes

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PACK = {"": bytes, ".gz": gzip.compress, ".zst": zstd.compress}
JSON = b'{"metric": "A"}\n{"metric": "B"}\n'
CSV = b"metric,properties.a\nA,1\nB,2\n"


@pytest.mark.parametrize("pack", PACK)
@pytest.mark.parametrize(
    ("name", "content", "first"),
    [("a.jsonl", JSON, 1), ("a.NDJSON", JSON, 1), ("a.csv", CSV, 2)],
)
def test_text_files(read: Read, name: str, content: bytes, first: int, pack: str) -> None:
    """JSON lines and CSV are read, compressed or not, each record with file and line."""
    items = read(name + pack, PACK[pack](content))
    assert [item.record["metric"] for item in items] == ["A", "B"]
    assert [item.origin for item in items] == [
        f"{name}{pack}:{first}",
        f"{name}{pack}:{first + 1}",
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", b"\xef\xbb\xbf" + JSON),
        ("a.jsonl", JSON.replace(b"\n", b"\r\n")),
        ("a.jsonl", JSON.rstrip()),
        ("a.jsonl", JSON.replace(b"\n", b"\n\n  \n")),
        ("a.csv", b"\xef\xbb\xbf" + CSV),
        ("a.csv", CSV.replace(b"\n", b"\r\n")),
        ("a.csv", CSV.rstrip()),
        ("a.csv", CSV.replace(b"\n", b"\n\n")),
    ],
)
def test_marks_and_line_ends(read: Read, name: str, content: bytes) -> None:
    """A byte order mark, CRLF, blank lines and a last line without an end change nothing."""
    items = read(name, content)
    assert [item.record["metric"] for item in items] == ["A", "B"]
    assert codes(items) == [None, None]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b'{"metric": ', "not_json"),
        (b"metric", "not_json"),
        (b"[1]", "not_an_object"),
        (b"7", "not_an_object"),
        (b'{"metric": "caf\xe9"}', "not_utf8"),
        (b"[" * 100_000, "too_deep"),
        (b'{"value": ' + b"9" * 5_000 + b"}", "integer_out_of_range"),
    ],
)
def test_a_broken_json_line(read: Read, line: bytes, code: str) -> None:
    """One broken line is one rejected record that holds its text; the next line is read."""
    before, after = JSON.splitlines()
    items = read("a.jsonl", b"\n".join([before, line, after]))
    assert codes(items) == [None, code, None]
    assert items[1].origin == "a.jsonl:2"
    assert items[1].record == {"line": line.decode(errors="replace")}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("9223372036854775808", 2**63),
        ("-9223372036854775809", -(2**63) - 1),
        ("1180591620717411303424", 2**70),
        ("Infinity", math.inf),
        ('"\\ud800"', "\ud800"),
        ("1e400", math.inf),
    ],
)
def test_what_json_cannot_say_is_passed_on_as_it_is(read: Read, text: str, value: Any) -> None:
    """A value out of range reaches the checks unchanged, where its pointer is named."""
    (item,) = read("a.jsonl", f'{{"value": {text}}}')
    assert item.problem is None
    assert item.record == {"value": value}
    assert type(item.record["value"]) is type(value)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (b"A", "wrong_number_of_cells"),
        (b"A,1,2", "wrong_number_of_cells"),
        (b'"A"x,1', "not_csv"),
        (b"caf\xe9,1", "not_utf8"),
        (b'A,"1', "not_csv"),
        (b"A,1\r2", "not_csv"),
    ],
)
def test_a_broken_csv_row(read: Read, row: bytes, code: str) -> None:
    """One broken row is one rejected record that holds its text; the rows after it are read."""
    items = read("a.csv", b"metric,properties.a\nA,1\n" + row + b'\nB,2\n"C",3\n')
    assert codes(items) == [None, code, None, None]
    assert items[1].origin == "a.csv:3"
    assert items[1].record == {"line": row.decode(errors="replace")}
    assert [item.record["metric"] for item in items[2:]] == ["B", "C"]


def test_a_cell_may_hold_lines(read: Read) -> None:
    """A quoted cell spans lines; its row counts as the line it starts on."""
    items = read("a.csv", 'metric,properties.a\nA,"1\n2"\nB,3\n')
    assert [(item.origin, item.record["properties"]["a"]) for item in items] == [
        ("a.csv:2", "1\n2"),
        ("a.csv:4", "3"),
    ]


def test_a_row_of_several_lines_with_wrong_cells_is_one_record(read: Read) -> None:
    """A row that could be read is rejected whole, with all its lines."""
    items = read("a.csv", 'metric,properties.a\nA,"1\n2",3\nB,4\n')
    assert codes(items) == ["wrong_number_of_cells", None]
    assert items[0].record == {"line": 'A,"1\n2",3'}


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_a_line_of_6_mb(read: Read, name: str) -> None:
    """A very long line is read; what is too long in it is for the checks to say."""
    text = "x" * 6_000_000
    content = f'{{"metric": "{text}"}}' if name == "a.jsonl" else f"metric\n{text}\n"
    (item,) = read(name, content)
    assert item.record == {"metric": text}


def test_a_line_longer_than_any_event(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that never ends is rejected without being kept in memory."""
    monkeypatch.setattr(lines, "LONGEST", 100)
    items = read("a.jsonl", b"x" * 200_000 + b"\n" + JSON)
    assert codes(items) == ["line_too_long", None, None]
    assert items[0].record == {"line": "x" * 100}


@pytest.mark.parametrize("pack", [".gz", ".zst"])
@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_a_truncated_file(read: Read, name: str, pack: str) -> None:
    """What could be read of a file that was cut off is read, and one record says where it ends."""
    row = '{{"metric": "{}"}}\n' if name == "a.jsonl" else "{}\n"
    rows = "".join(row.format(f"metric {n * n}") for n in range(20_000))
    content = ("" if name == "a.jsonl" else "metric\n") + rows
    packed = PACK[pack](content.encode())
    *good, last = read(name + pack, packed[: len(packed) // 2])
    assert codes(good) == [None] * len(good)
    assert len(good) > 1_000
    assert last.problem is not None
    assert last.problem.code == "source_broken_off"
    line = len(good) + (1 if name == "a.jsonl" else 2)
    assert last.origin == f"{name}{pack}:{line}"


def test_a_damaged_file(read: Read) -> None:
    """A wrong checksum is said, though everything could be unpacked."""
    packed = bytearray(gzip.compress(JSON, mtime=0))
    packed[-8] ^= 1
    assert codes(read("a.jsonl.gz", bytes(packed))) == [None, None, "source_broken_off"]


def test_a_packed_file_is_known_by_its_content(read: Read) -> None:
    """A .jsonl that is gzip all the same is unpacked."""
    assert len(read("a.jsonl", gzip.compress(JSON, mtime=0))) == 2


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.jsonl", b"", "is empty"),
        ("a.csv", b"\xef\xbb\xbf", "is empty"),
        ("a.csv", b"\n\n", "is empty"),
        ("a.jsonl.gz", gzip.compress(b"", mtime=0), "is empty"),
        ("a.jsonl.gz", gzip.compress(JSON, mtime=0)[:5], "can't be read: the file was cut off"),
        ("a.jsonl", JSON.decode().encode("utf-16"), "UTF-16"),
        ("a.csv", CSV.decode().encode("utf-16-le"), "UTF-16"),
        ("a.csv", b'"metric\n', "header of .* is broken"),
        ("a.csv", b"caf\xe9\n", "header of .* is broken"),
        ("a.parquet", b"PAR1", "SQL"),
        ("a.txt", JSON, "can't be told from its name"),
        ("a", JSON, "can't be told from its name"),
        ("a.gz", JSON, "can't be told from its name"),
    ],
)
def test_what_cannot_be_read_at_all(read: Read, name: str, content: bytes, words: str) -> None:
    """A file of which nothing can be read is an error before anything is sent."""
    with pytest.raises(ConfigurationError, match=words):
        read(name, content)


def test_all_faults_are_said_at_once(tmp_path: Path) -> None:
    """Every file that can't be read is named, not only the first."""
    with pytest.raises(ConfigurationError, match=r"(?s)no file .*a\.csv.*is a directory"):
        open_files([str(tmp_path / "a.csv"), str(tmp_path)], Rules())


def test_a_file_may_say_its_format(path: Any) -> None:
    """A format given beats the name."""
    (source,) = open_files([str(path("a.txt", JSON))], Rules(), form="jsonl")
    assert len(list(source)) == 2


@pytest.mark.parametrize("content", [JSON, CSV, gzip.compress(CSV, mtime=0)])
def test_standard_input(content: bytes, monkeypatch: pytest.MonkeyPatch, path: Any) -> None:
    """Standard input is JSON lines if it starts as JSON, else CSV; packed or not."""
    with path("input", content).open("rb") as file:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(file))
        (source,) = open_files(["-"], Rules())
        assert [item.record["metric"] for item in source] == ["A", "B"]


def test_an_outcome_that_was_set_aside(read: Read) -> None:
    """A line of a rejects file is its record, to which the command line adds nothing."""
    line = {"origin": "x:1", "status": "rejected", "problems": [], "record": {"metric": "B"}}
    (item,) = read("a.jsonl", json.dumps(line), metric="A", unique_id_from=["id"])
    assert item.record == {"metric": "B"}
    assert codes([item]) == [None]


@pytest.mark.parametrize(
    ("change", "code"),
    [({"altered": True}, "not_mended"), ({"record": 7}, "not_an_object")],
)
def test_an_outcome_that_is_not_mended(read: Read, change: Any, code: str) -> None:
    """A record in which something was replaced is rejected until the mark is taken out."""
    line = {"origin": "x:1", "status": "rejected", "problems": [], "record": {}, **change}
    assert codes(read("a.jsonl", json.dumps(line))) == [code]


@pytest.mark.parametrize(
    ("problems", "record", "code"),
    [
        ([{"pointer": "/unique_id"}], {}, "missing_unique_id"),
        ([{"pointer": "/unique_id"}], {"unique_id": None}, "missing_unique_id"),
        ([{"pointer": "/unique_id"}], {"unique_id": "7"}, None),
        ([{"pointer": "/value"}], {}, None),
        (["?"], {}, None),
        ("/unique_id", {}, None),
    ],
)
def test_an_outcome_that_was_in_want_of_its_id(
    read: Read, problems: Any, record: Any, code: str | None
) -> None:
    """A record that was to have a unique_id never goes out with a derived one."""
    line = {"origin": "x:1", "status": "rejected", "problems": problems, "record": record}
    assert codes(read("a.jsonl", json.dumps(line))) == [code]


def test_how_much_was_read(path: Any) -> None:
    """The share read grows with the bytes of the file."""
    (source,) = open_files([str(path("a.jsonl", JSON * 20_000))], Rules())
    assert source.share() == 1.0 or source.share() is not None
    shares = [source.share() for _ in source]
    assert shares == sorted(shares)
    assert 0 < shares[0] < 0.5
    assert shares[-1] == 1.0
