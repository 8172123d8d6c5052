"""Whatever a source holds ends as records, rejected ones among them, in bounded time and memory."""

import gzip
import io
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from backports import zstd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from klaviyo_bulk_events import Event, Intake, Outcome, RecordError, Status
from klaviyo_bulk_events.chunker import Chunk
from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.planner import Sourced
from klaviyo_bulk_events.records import fields_of
from klaviyo_bulk_events.settings import planner
from klaviyo_bulk_events.sources import Rules, json_text, open_files
from klaviyo_bulk_events.sources.lines import LONGEST

ODD = st.sampled_from(
    [
        *(Decimal(text) for text in ("1E+999999999", "-1E-999999999", "NaN", "sNaN", "-Infinity")),
        *(2**64, float("nan"), float("inf"), "\ud800", b"x", object()),
        *("2025-05-05T12:00:00." + "1" * 5_000, "9" * 5_000, "0" * 5_000, "+" * 5_000, ""),
    ]
)
HUGE = st.integers(4_300, 6_000).map(lambda digits: 10**digits)
VALUES = st.recursive(
    ODD | HUGE | st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
NAMES = st.sampled_from(
    [
        "metric",
        "profile",
        "time",
        "value",
        "properties",
        "unique_id",
        "backfill",
        "profile.email",
        "profile.location",
        "email",
        "phone_number",
        "external_id",
        "value_currency",
        "properties.x",
    ]
)
RECORDS = st.dictionaries(
    NAMES, VALUES | st.dictionaries(NAMES, VALUES, max_size=3), max_size=5
) | st.dictionaries(NAMES | VALUES.filter(lambda value: isinstance(value, int | str)), VALUES)
PIECES = st.sampled_from(
    [
        b'"',
        b",",
        b"\n",
        b"\r\n",
        b"{",
        b"}",
        b"[",
        b":",
        b"\\u",
        b"metric",
        b"time",
        b"1e999999",
        b"9" * 25,
        b"NaN",
        b"\xff",
        b"\0",
        b'{"metric":"A"}',
        b"\xef\xbb\xbf",
    ]
)
TEXTS = st.lists(PIECES | st.binary(max_size=3), max_size=30).map(b"".join)


@given(RECORDS)
def test_any_record_is_taken_or_rejected(record: dict[Any, Any]) -> None:
    """Mappings of anything raise RecordError and nothing else, and never end a run."""
    for read in (Event.from_record, fields_of):
        with suppress(RecordError):
            read(record)
    taken = planner(Intake(unix_time=True), True).take(record)
    assert taken is None or isinstance(taken, Chunk) or taken.status is Status.REJECTED


@pytest.mark.parametrize("depth", [50, 900, 5_000, 100_000])
@pytest.mark.parametrize("field", ["metric", "profile", "time", "value", "properties"])
def test_a_deep_record_is_rejected(field: str, depth: int) -> None:
    """Nesting overflows no stack."""
    value: Any = {}
    for _ in range(depth):
        value = {"x": value}
    record = {"metric": "A", "profile": {"external_id": "7"}, "time": "2025-05-05T12:00:00Z"}
    taken = planner(Intake(), True).take({**record, field: value})
    assert isinstance(taken, Outcome)
    assert taken.status is Status.REJECTED


@given(TEXTS)
def test_any_text_is_json_or_a_record_error(text: bytes) -> None:
    """No other exception."""
    with suppress(RecordError):
        json_text.parse(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"[" * 1_000_000, "too_deep"),
        (b'{"a":' * 1_000_000, "too_deep"),
        (b"1" * 1_000_000, "integer_out_of_range"),
    ],
    ids=["lists", "objects", "digits"],
)
def test_a_text_that_means_harm(text: bytes, code: str) -> None:
    """Depth and digits without end are refused at once."""
    with pytest.raises(RecordError) as raised:
        json_text.parse(text)
    assert [problem.code for problem in raised.value.problems] == [code]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(TEXTS, st.sampled_from(["jsonl", "csv"]), st.sampled_from(["", ".gz"]), st.data())
def test_any_file_is_read_to_its_end(
    tmp_path: Path, content: bytes, form: str, packed: str, data: st.DataObject
) -> None:
    """Garbage, cut or damaged: every record has its origin, or the file is refused at the start."""
    raw = gzip.compress(content, mtime=0) if packed else content
    if packed and data.draw(st.booleans()):
        at = data.draw(st.integers(3, len(raw)))
        raw = raw[:at] + data.draw(st.binary(max_size=2)) + raw[at + 1 :]
    path = tmp_path / f"in.{form}{packed}"
    path.write_bytes(raw)
    try:
        (source,) = open_files([str(path)], Rules(rest_as_properties=True))
    except ConfigurationError:
        return
    for item in source:
        assert isinstance(item, Sourced)
        assert item.origin.startswith(str(path))


@pytest.mark.parametrize("form", ["jsonl", "csv"])
@pytest.mark.parametrize(
    ("suffix", "opener"),
    [
        (".gz", lambda file: gzip.GzipFile(fileobj=file, mode="wb")),
        (".zst", lambda file: zstd.open(file, "wb")),
    ],
)
def test_a_bomb_is_one_rejected_record(
    tmp_path: Path, form: str, suffix: str, opener: Callable[[Any], Any]
) -> None:
    """What unpacks to much more than a line may hold is let go, in memory of a few lines."""
    packed = io.BytesIO()
    with opener(packed) as file:
        file.write(b'metric,time\n"' if form == "csv" else b'{"x":"')
        for _ in range(8 * LONGEST // 1_000_000):
            file.write(b"a" * 1_000_000)
    path = tmp_path / f"bomb.{form}{suffix}"
    path.write_bytes(packed.getvalue())
    tracemalloc.start()
    (source,) = open_files([str(path)], Rules())
    items = list(source)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [item.problem.code for item in items if item.problem] == ["line_too_long"]
    assert peak < 4 * LONGEST
