"""Every type of Arrow has a stated JSON form, or is refused."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klaviyo_bulk_events import values
from klaviyo_bulk_events.arrow.columns import UnreadableTypeError, reader
from klaviyo_bulk_events.problems import RecordError

LONG = 9_223_372_036_854_775_807
STRUCT = pa.struct([("a", pa.int64()), ("b", pa.string())])

FORMS: list[tuple[Any, Any, Any]] = [
    (pa.null(), None, None),
    (pa.bool_(), True, True),
    (pa.int8(), -1, -1),
    (pa.int64(), -LONG - 1, -LONG - 1),
    (pa.uint64(), LONG, LONG),
    (pa.float16(), 1.5, 1.5),
    (pa.float32(), 0.5, 0.5),
    (pa.float64(), 0.1, 0.1),
    (pa.decimal128(10, 2), Decimal("9.99"), 9.99),
    (pa.decimal128(10, 2), Decimal("9.00"), 9),
    (pa.decimal256(60, 0), Decimal(12), 12),
    (pa.decimal32(5, 1), Decimal("0.5"), 0.5),
    (pa.string(), "é", "é"),
    (pa.large_string(), "a", "a"),
    (pa.string_view(), "a", "a"),
    (pa.binary(), b"\xff\x00", "/wA="),
    (pa.large_binary(), b"a", "YQ=="),
    (pa.binary(2), b"ab", "YWI="),
    (pa.date32(), date(2026, 11, 8), "2026-11-08"),
    (pa.date64(), date(1969, 12, 31), "1969-12-31"),
    (pa.time32("s"), 3_661, "01:01:01"),
    (pa.time64("ns"), 1_500_000_999, "00:00:01.500000"),
    (pa.timestamp("s", "Europe/London"), 0, "1970-01-01T00:00:00+00:00"),
    (pa.timestamp("ns", "UTC"), -1, "1969-12-31T23:59:59.999999+00:00"),
    (pa.timestamp("us"), 1, "1970-01-01T00:00:00.000001+00:00"),
    (pa.duration("ms"), 1_500, 1.5),
    (pa.duration("s"), -LONG, -LONG),
    (pa.dictionary(pa.int8(), pa.string()), "x", "x"),
    (pa.list_(pa.int64()), [1, None, 2], [1, None, 2]),
    (pa.large_list(STRUCT), [{"a": 1, "b": None}, None], [{"a": 1}, None]),
    (pa.list_(pa.int64(), 2), [1, 2], [1, 2]),
    (
        pa.map_(pa.string(), pa.date32()),
        [("d", date(2026, 1, 1)), ("e", None)],
        {"d": "2026-01-01"},
    ),
    (STRUCT, {"a": None, "b": "x"}, {"b": "x"}),
]


@pytest.mark.parametrize(("kind", "given", "form"), FORMS, ids=lambda value: str(value)[:40])
def test_a_type_has_its_form(kind: Any, given: Any, form: Any) -> None:
    """What docs/arrow.md says of the type; a null is a cell that is not given."""
    read = reader(kind, zoned=True)(array(kind, [None, given]))
    assert read[0] is None
    assert orjson.loads(values.encode({"x": read[1]}, "", UTC)) == {"x": form}


def array(kind: Any, cells: list[Any]) -> Any:
    if isinstance(kind, pa.DictionaryType):
        return pa.array(cells).dictionary_encode().cast(kind)
    if pa.types.is_temporal(kind) and isinstance(cells[-1], int):
        whole = pa.int32() if kind.bit_width == 32 else pa.int64()
        return pa.array(cells, whole).view(kind)
    if kind == pa.float16():  # older pyarrow makes those of numpy's only
        return pa.array(cells, pa.float32()).cast(kind)
    return pa.array(cells, kind)


@pytest.mark.parametrize(
    ("kind", "given", "code"),
    [
        (pa.uint64(), LONG + 1, "integer_out_of_range"),
        (pa.float64(), float("nan"), "not_finite"),
        (pa.float32(), float("inf"), "not_finite"),
        (pa.decimal256(60, 0), Decimal(10**50), "integer_out_of_range"),
        (pa.timestamp("s", "UTC"), LONG, "not_json"),
        (pa.date64(), LONG, "not_json"),
        (pa.date32(), 2**31 - 1, "not_json"),
        (pa.time32("s"), 86_400, "not_json"),
        (pa.map_(pa.string(), pa.int8()), [("a", 1), ("a", 2)], "not_json"),
        (pa.list_(pa.float64()), [float("nan")], "not_finite"),
    ],
    ids=str,
)
def test_a_value_without_a_form_costs_its_own_row(kind: Any, given: Any, code: str) -> None:
    """NaN is no null, and a time out of range does not take its batch along."""
    good, bad = reader(kind, zoned=True)(array(kind, [None, given]))
    assert good is None
    with pytest.raises(RecordError) as refused:
        values.encode({"x": bad}, "", UTC)
    assert refused.value.problems[0].code == code


@pytest.mark.parametrize(
    "kind",
    [
        pa.month_day_nano_interval(),
        pa.dense_union([pa.field("a", pa.int8())]),
        pa.run_end_encoded(pa.int32(), pa.string()),
        pa.list_view(pa.int8()),
        pa.map_(pa.int64(), pa.string()),
        pa.struct([("a", pa.int8()), ("a", pa.int8())]),
        pa.list_(pa.struct([("when", pa.timestamp("us"))])),
        pa.uuid(),
    ],
    ids=str,
)
def test_a_type_without_a_form_is_refused(kind: Any) -> None:
    """However deep it stands, and before a row is read."""
    with pytest.raises(UnreadableTypeError):
        reader(kind, zoned=False)


NESTED = pa.struct(
    [
        ("list", pa.list_(STRUCT)),
        ("fixed", pa.list_(pa.int64(), 2)),
        ("map", pa.map_(pa.string(), pa.list_(pa.timestamp("ms", "UTC")))),
        ("word", pa.dictionary(pa.int32(), pa.string())),
    ]
)
MOMENTS = st.integers(-(10**9), 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
TEXTS = st.text("aé", max_size=2)
NUMBERS = st.integers(-LONG, LONG)


def optional(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def few(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return optional(st.lists(optional(strategy), max_size=2))


CELLS = st.fixed_dictionaries(
    {
        "list": few(st.fixed_dictionaries({"a": optional(NUMBERS), "b": optional(TEXTS)})),
        "fixed": optional(st.lists(optional(NUMBERS), min_size=2, max_size=2)),
        "map": optional(st.dictionaries(TEXTS, few(MOMENTS), max_size=2)),
        "word": optional(st.sampled_from(["x", "y"])),
    }
)


@given(st.lists(optional(CELLS), max_size=3), st.integers(0, 3), st.integers(0, 3))
def test_reading_is_what_was_written(cells: list[Any], first: int, count: int) -> None:
    """Nested to any depth, of any slice: all that was given, without what was not."""
    whole = pa.array([written(cell) for cell in cells], NESTED)
    read = reader(NESTED, zoned=False)(whole.slice(first, count))
    assert read == [without_nulls(cell) for cell in cells[first : first + count]]


def written(cell: Any) -> Any:
    if cell is None or cell["map"] is None:
        return cell
    return {**cell, "map": list(cell["map"].items())}


def without_nulls(cell: Any) -> Any:
    if isinstance(cell, dict):
        return {name: without_nulls(part) for name, part in cell.items() if part is not None}
    return list(map(without_nulls, cell)) if isinstance(cell, list) else cell


def test_a_part_of_a_dictionary_that_is_larger() -> None:
    """As of a batch that is read in slices: the values of the slice, at their places."""
    values = pa.array([{"n": number} for number in range(100)])
    array = pa.DictionaryArray.from_arrays(pa.array([0, 99, None, 3], pa.int32()), values)
    read = reader(array.type, zoned=True)
    assert read(array.slice(1, 3)) == [{"n": 99}, None, {"n": 3}]
    assert read(array.slice(4)) == []
