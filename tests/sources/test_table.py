"""From columns to records."""

from typing import Any

import pytest

from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.sources import Rules, read_map_option
from klaviyo_bulk_events.sources.mapping import read_map_file
from klaviyo_bulk_events.sources.table import Table


def table(header: list[str], *maps: str, **rules: Any) -> Table:
    return Table("orders.csv", header, Rules(mapping=dict(map(read_map_option, maps)), **rules))


def record(columns: dict[str, Any], *maps: str, **rules: Any) -> Any:
    made = table(list(columns), *maps, **rules).sourced(list(columns.values()), "orders.csv:2")
    assert made.problem is None, made.problem
    return made.record


def problem(columns: dict[str, Any], *maps: str, **rules: Any) -> tuple[str, str]:
    made = table(list(columns), *maps, **rules).sourced(list(columns.values()), "orders.csv:2")
    assert made.problem is not None
    return made.problem.code, made.problem.pointer


def test_dotted_columns_become_nested() -> None:
    """A dotted column goes where its name leads."""
    columns = {"metric": "Sold", "profile.email": "a@b.co", "profile.location.city": "York"}
    assert record(columns) == {
        "metric": "Sold",
        "profile": {"email": "a@b.co", "location": {"city": "York"}},
    }


def test_names_of_properties_may_have_dots() -> None:
    """What follows `properties.` is one name."""
    assert record({"properties.a.b": "1"}) == {"properties": {"a.b": "1"}}


def test_what_is_not_given_is_left_out() -> None:
    """A cell that is None leaves no trace."""
    assert record({"metric": "Sold", "properties.a": None}) == {"metric": "Sold"}


def test_a_row_of_nobody_has_an_empty_profile() -> None:
    """Where a table has columns for a profile, it's the identifier that a row is in want of."""
    assert record({"metric": "Sold", "profile.email": None}) == {"metric": "Sold", "profile": {}}


def test_text_stays_text() -> None:
    """Leading zeros survive, and so do identifiers that look like numbers."""
    assert record({"profile.external_id": "00001", "properties.zip": "00123"}) == {
        "profile": {"external_id": "00001"},
        "properties": {"zip": "00123"},
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1), ("-2", -2), ("1.50", 1.5), (" 3 ", 3), ("1e3", 1000.0), (".5", 0.5), (7.5, 7.5)],
)
def test_value_is_a_number(text: Any, value: float) -> None:
    """The column `value` is read as a number without being asked."""
    assert record({"value": text}) == {"value": value}


@pytest.mark.parametrize(
    "text", ["1,234", "1,5", "£3", "1_000", "NaN", "inf", "0x10", "1 000", "--1", "٣", True]
)
def test_what_is_no_number_is_rejected(text: Any) -> None:
    """Whatever has more to it than digits and a point is rejected, not guessed at."""
    assert problem({"value": text}) == ("not_a_number", "/value")


@pytest.mark.parametrize(
    ("text", "flag"),
    [("true", True), ("FALSE", False), ("1", True), ("0", False), ("Yes", True), ("no", False)],
)
def test_backfill_is_a_boolean(text: str, flag: bool) -> None:
    """The column `backfill` is read as a boolean without being asked."""
    assert record({"backfill": text}) == {"backfill": flag}


@pytest.mark.parametrize("text", ["maybe", "2", "t", "10"])
def test_what_is_no_boolean_is_rejected(text: str) -> None:
    """A flag that could fire flows is never guessed."""
    assert problem({"backfill": text}) == ("not_a_boolean", "/backfill")


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        ("", "1", "1"),
        (":text", 17, "17"),
        (":number", "19.90", 19.9),
        (":number", "12345678901234567890", 12345678901234567890),
        (":boolean", "no", False),
        (":json", '{"a": [1, 2]}', {"a": [1, 2]}),
        (":json", {"a": 1}, {"a": 1}),
    ],
)
def test_a_column_is_mapped(kind: str, cell: Any, value: Any) -> None:
    """A column becomes the field that it is mapped to, in the type that is named."""
    mapped = record({"Order Total": cell}, f"Order Total=properties.total{kind}")
    assert mapped == {"properties": {"total": value}}


def test_what_is_mapped_to_value_is_a_number() -> None:
    """A column that becomes a typed field has the field's type."""
    assert record({"Total": "5"}, "Total=value") == {"value": 5}


def test_broken_json_in_a_cell_is_rejected() -> None:
    """A cell that holds no JSON is a rejected record, with the pointer to its field."""
    assert problem({"Items": "{"}, "Items=properties.items:json") == (
        "not_json",
        "/properties/items",
    )


@pytest.mark.parametrize(
    ("cells", "code", "pointer", "others", "kept"),
    [
        ({"Total": "1,5"}, "not_a_number", "/value", "", {"value": "1,5"}),
        (
            {"Qty": "two", "Total": "1,5"},
            "not_a_number",
            "/value",
            "/properties/qty",
            {"value": "1,5", "properties": {"qty": "two", "SKU": "A"}},
        ),
        ({"SKU": None}, "missing_unique_id_part", "/unique_id", "", {"properties": {"qty": 2}}),
        (
            {"metric": "Bought", "Total": "1,5"},
            "metric_contradicted",
            "/metric",
            "/value",
            {"metric": "Bought", "value": "1,5"},
        ),
        (
            {"metric": "Bought", "SKU": None},
            "missing_unique_id_part",
            "/unique_id",
            "/metric",
            {"metric": "Bought", "properties": {"qty": 2}},
        ),
    ],
)
def test_a_rejected_row_is_a_record_but_for_its_faults(
    cells: dict[str, Any], code: str, pointer: str, others: str, kept: dict[str, Any]
) -> None:
    """All that is good in a faulty row is converted and added; the rest is as it was given."""
    header = ["metric", "Order", "SKU", "Qty", "Total"]
    row = {"metric": None, "Order": "7", "SKU": "A", "Qty": "2", "Total": "9.5", **cells}
    maps = ("Order=profile.external_id", "Qty=properties.qty:number", "Total=value")
    rules = {"metric": "Sold", "rest_as_properties": True, "unique_id_from": ["Order", "SKU"]}
    made = table(header, *maps, **rules).sourced(list(row.values()), "orders.csv:2")
    whole = {
        "metric": "Sold",
        "profile": {"external_id": "7"},
        "properties": {"qty": 2, "SKU": "A"},
        "value": 9.5,
    }
    identified = {} if row["SKU"] is None else {"unique_id": "7|A"}
    assert made.record == {**whole, **identified, **kept}
    assert made.problem is not None
    assert (made.problem.code, made.problem.pointer) == (code, pointer)
    assert ", ".join(problem.pointer for problem in made.others) == others


def test_problems_are_told_in_the_order_of_the_columns() -> None:
    """Also where the columns of two objects take turns."""
    maps = ("A=properties.a:number", "B=profile.external_id:number", "C=properties.c:number")
    made = table(["A", "B", "C"], *maps).sourced(["1", "x", "y"], "orders.csv:2")
    assert made.problem is not None
    pointers = [problem.pointer for problem in (made.problem, *made.others)]
    assert pointers == ["/profile/external_id", "/properties/c"]


def test_a_cell_without_a_place_is_kept_under_its_name() -> None:
    """Where a text stands in the way of a dotted column, both are kept, to be rejected again."""
    made = table(["properties", "properties.a"]).sourced(["x", "1"], "orders.csv:2")
    assert made.record == {"properties": "x", "properties.a": "1"}


def test_structs_are_merged_with_columns() -> None:
    """A struct column and dotted ones add up; what is NULL inside a struct is not given."""
    columns = {"properties.a": 1, "properties": {"b": 2, "c": None, "d": {"e": None}}}
    assert record(columns) == {"properties": {"a": 1, "b": 2, "d": {}}}


def test_a_parent_that_is_no_struct_is_rejected() -> None:
    """A column can't add to a text."""
    assert problem({"properties": "x", "properties.a": "1"}) == ("wrong_type", "/properties")


def test_rest_becomes_properties() -> None:
    """With the rest as properties, unknown columns keep their names."""
    columns = {"metric": "Sold", "Order Total": "5", "Email": "a@b.co"}
    assert record(columns, "Email=profile.email", rest_as_properties=True) == {
        "metric": "Sold",
        "profile": {"email": "a@b.co"},
        "properties": {"Order Total": "5"},
    }


@pytest.mark.parametrize(
    ("header", "maps", "words"),
    [
        (["Email", "Total", "metric"], [], ["'Email': did you mean profile.email?", "'Total'"]),
        (["metric;time;value"], [], ["commas", "';'"]),
        (["metric", "metric"], [], ["same name", "'metric'"]),
        (["metric", ""], [], ["without a name", "2"]),
        (["", ""], [], ["no header"]),
        (["Mail"], ["Email=profile.email"], ["no column 'Email'", "it has 'Mail'"]),
        (["Mail", "profile.email"], ["Mail=profile.email"], ["2 columns", "profile.email"]),
        (["profile."], [], ["'profile.'"]),
    ],
)
def test_a_header_that_cannot_be_placed(header: list[str], maps: list[str], words: Any) -> None:
    """Everything that is wrong with a header is said before any row is read."""
    with pytest.raises(ConfigurationError) as error:
        table(header, *maps)
    assert [word for word in words if word not in str(error.value)] == []


def test_a_misspelt_profile_column_is_no_property() -> None:
    """The rest as properties doesn't hide a misspelt field of the profile."""
    with pytest.raises(ConfigurationError, match=r"profile\.emial.*did you mean profile\.email"):
        table(["profile.emial"], rest_as_properties=True)


def test_the_same_property_twice_is_an_error() -> None:
    """A column of the rest never replaces one that was named."""
    with pytest.raises(ConfigurationError, match=r"2 columns that become properties\.sku"):
        table(["sku", "properties.sku"], rest_as_properties=True)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("Email", "written"),
        ("=profile.email", "written"),
        ("Email=profile.emial", r"did you mean profile\.email"),
        ("Email=email", r"did you mean profile\.email"),
        ("Total=properties.total:nubmer", "types are text, number, boolean, json"),
        ("Total=properties.", "did you mean properties"),
        ("Total=xyz", "properties.NAME"),
    ],
)
def test_a_mapping_that_makes_no_sense(option: str, words: str) -> None:
    """A mapping names a column and a field that exists, and a type that exists."""
    with pytest.raises(ConfigurationError, match=words):
        read_map_option(option)


def test_a_mapped_column_may_hold_an_equals_sign() -> None:
    """The last equals sign divides."""
    assert read_map_option("a=b=value")[0] == "a=b"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("map.toml", '"Order Total" = "properties.total:number"\n'),
        ("map.json", '{"Order Total": "properties.total:number"}'),
    ],
)
def test_a_mapping_file(path: Any, name: str, content: str) -> None:
    """A mapping file says what `--map` says, in TOML or JSON."""
    mapping = read_map_file(path(name, content.encode()))
    assert mapping == dict([read_map_option("Order Total=properties.total:number")])


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("map.toml", b"x", "no TOML"),
        ("map.json", b"[1]", "must hold"),
        ("map.json", b'{"a": 1}', "must hold"),
        ("map.ini", b"", "toml or .json"),
    ],
)
def test_a_mapping_file_that_makes_no_sense(path: Any, name: str, content: Any, words: str) -> None:
    """What is no mapping is said with the file's name."""
    with pytest.raises(ConfigurationError, match=words):
        read_map_file(path(name, content))
