"""Everything that can be wrong with what comes in, each said clearly, and nothing lost."""

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from klaviyo_bulk_events.limits import (
    EVENT_PROPERTIES,
    METRIC_NAME_LENGTH,
    REQUEST_BYTES,
    STRING_BYTES,
)

from .conftest import Shell

LONGEST = STRING_BYTES.value

Line = Callable[..., str]


def nested(levels: int) -> Any:
    return {"a": nested(levels - 1)} if levels > 1 else {"a": 1}


def number(text: str) -> str:
    return (
        '{"metric": "A", "profile": {"email": "ada@shop.org"}, "time": "2026-01-02T03:04:05Z", '
        f'"properties": {{"n": {text}}}}}'
    )


FIELDS: dict[str, tuple[dict[str, Any], str, str]] = {
    "a string too long": ({"properties": {"a": "x" * (LONGEST + 1_000)}}, "string_too_long", "a"),
    "a property too many": (
        {"properties": {f"p{n}": 1 for n in range(EVENT_PROPERTIES.value + 1)}},
        "too_many_properties",
        "",
    ),
    "11 levels": ({"properties": nested(11)}, "too_deep", "a/a/a/a/a/a/a/a/a/a"),
    "an event larger than a request": (
        {"properties": {f"p{n}": "x" * LONGEST for n in range(REQUEST_BYTES.value // LONGEST + 1)}},
        "event_too_large",
        "",
    ),
    "a naive time": ({"time": "2026-01-02T03:04:05"}, "naive_time", "time"),
    "the year 1999": ({"time": "1999-12-31T23:59:59Z"}, "time_out_of_range", "time"),
    "two years ahead": ({"time": "2100-01-01T00:00:00Z"}, "time_out_of_range", "time"),
    "no time": ({"time": None}, "missing_time", "time"),
    "a phone without a plus": (
        {"profile": {"phone_number": "441174960000"}},
        "invalid_phone_number",
        "profile/phone_number",
    ),
    "no identifier": ({"profile": {"first_name": "Ada"}}, "missing_identifier", "profile"),
    "no profile": ({"profile": None}, "missing_field", "profile"),
    "a metric too long": (
        {"metric": "x" * (METRIC_NAME_LENGTH.value + 1)},
        "metric_too_long",
        "metric",
    ),
    "an empty metric": ({"metric": ""}, "empty", "metric"),
    "a misspelt field": ({"proprties": {}}, "unknown_field", "proprties"),
    "a misspelt profile field": (
        {"profile": {"emial": "ada@shop.org"}},
        "unknown_field",
        "profile/emial",
    ),
    "backfill contradicted": ({"backfill": False}, "backfill_contradicted", "backfill"),
}
LINES: dict[str, tuple[str | bytes, str]] = {
    "a broken line": ('{"metric": "A"', "not_json"),
    "no object": ("[]", "not_an_object"),
    "latin-1": ('{"metric": "é"}'.encode("latin-1"), "not_utf8"),
    "NaN": (number("NaN"), "not_finite"),
    "Infinity": (number("-Infinity"), "not_finite"),
    "2**63": (number(str(2**63)), "integer_out_of_range"),
    "-2**63 - 1": (number(str(-(2**63) - 1)), "integer_out_of_range"),
    "2**70": (number(str(2**70)), "integer_out_of_range"),
    "a lone surrogate": (number('"\\ud800"'), "lone_surrogate"),
    "a lone surrogate in a name": (
        '{"metric": "A", "\\ud800": 1, "time": "2026-01-02T03:04:05Z"}',
        "unknown_field",
    ),
}


def rejected(shell: Shell, content: str | bytes, *options: str) -> dict[str, Any]:
    """Send a file whose second line is bad; what is said of it."""
    result = shell(
        "send", shell.write("in.jsonl", content), *options, "--rejects", str(shell.folder / "out")
    )
    assert result.exit_code == 1, result.output
    (text,) = (shell.folder / "out").read_text().splitlines()
    said: dict[str, Any] = json.loads(text)
    assert said["status"] == "rejected"
    assert said["origin"].endswith("in.jsonl:2")
    assert said["problems"][0]["code"] in result.stdout
    return said


def around(line: Line, bad: str | bytes) -> bytes:
    bad = bad.encode() if isinstance(bad, str) else bad
    return line().encode() + b"\n" + bad + b"\n" + line(unique_id="3").encode() + b"\n"


@pytest.mark.parametrize("name", FIELDS)
def test_a_bad_record(shell: Shell, line: Line, name: str, emulator: Any) -> None:
    """A bad record is rejected with code and pointer, kept whole, and those around it are sent."""
    fields, code, pointer = FIELDS[name]
    bad = line(**{"unique_id": "2", **fields})
    said = rejected(shell, around(line, bad), "--backfill")
    assert said["problems"][0]["code"] == code
    assert said["problems"][0]["pointer"].endswith(pointer)
    assert json.loads(bad).items() <= {**said["record"], **fields}.items() or name == "no time"
    assert [event.unique_id for event in emulator.events()] == ["1", "3"]


@pytest.mark.parametrize("name", LINES)
def test_a_bad_line(shell: Shell, line: Line, name: str, emulator: Any) -> None:
    """A line that JSON can't say is one rejected record, in a file that is JSON all the same."""
    bad, code = LINES[name]
    said = rejected(shell, around(line, bad), "--backfill")
    assert said["problems"][0]["code"] == code
    assert [event.unique_id for event in emulator.events()] == ["1", "3"]


def test_backfill_unsaid(shell: Shell, line: Line, emulator: Any) -> None:
    """Without --backfill or --trigger-flows, a record that doesn't say itself is rejected."""
    lines = [line(backfill=True), line(unique_id="2"), line(unique_id="3", backfill=False)]
    said = rejected(shell, "\n".join(lines))
    assert said["problems"][0]["code"] == "backfill_unsaid"
    assert [event.backfill for event in emulator.events()] == [True, False]


@pytest.mark.parametrize("start", [b"\xef\xbb\xbf", b""])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_marks_and_line_ends(shell: Shell, line: Line, start: bytes, end: bytes) -> None:
    """A byte order mark and CRLF are nobody's fault."""
    content = start + end.join([line().encode(), line(unique_id="2").encode(), b""])
    assert shell("send", "--backfill", shell.write("in.jsonl", content)).exit_code == 0


def test_a_truncated_gz(shell: Shell, line: Line, emulator: Any) -> None:
    """What could be unpacked is sent, and the report says that something is missing."""
    lines = "".join(line(unique_id=str(n * n)) + "\n" for n in range(5_000))
    path = shell.write("in.jsonl.gz", gzip.compress(lines.encode(), mtime=0)[:-5_000])
    result = shell("send", "--backfill", path, "--rejects", "out")
    assert result.exit_code == 1
    assert "the file was cut off" in result.stdout
    (said,) = map(json.loads, (shell.folder / "out").read_text().splitlines())
    sent = emulator.summary()["accepted"]
    assert 1_000 < sent < 5_000
    assert said["origin"] == f"{path}:{sent + 1}"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing.jsonl"], "there is no file nothing.jsonl"),
        (["."], ". is a directory"),
        (["empty.csv"], "empty.csv is empty"),
        (["utf16.jsonl"], "utf16.jsonl is UTF-16"),
        (["text.txt"], "can't be told from its name"),
        (["--sql", "select 1; select 2"], "2 statements"),
        (["--sql", "copy (select 1) to 'out.csv'"], "not COPY"),
        (["--sql", "select nothing"], "the SQL can't be run"),
        (["other.csv"], "'Email': did you mean profile.email?"),
        ([], "name files, or - for standard input, or give --sql QUERY"),
        (["good.csv", "--sql", "select 1"], "name files"),
        (["-", "-"], "only once"),
        (["good.csv", "--attach", "x"], "--attach is for --sql"),
        (["good.csv", "--backfill", "--trigger-flows"], "contradict"),
        (["good.csv", "--timezone", "Mars/Phobos"], "there is no time zone 'Mars/Phobos'"),
        (["good.csv", "--unique-id-from", "a,,b"], "commas"),
        (["good.csv", "--map", "x"], "a mapping is written"),
        (["good.jsonl", "--map", "Email=profile.email"], "--map is for CSV, SQL and Parquet"),
        (["nothing.parquet"], "No files found"),
        (["good.csv", "--map-file", "nothing.toml"], "can't be read"),
        (["good.csv", "--limit", "0"], "--limit"),
    ],
)
@pytest.mark.parametrize("command", ["send", "check"])
def test_wrong_usage(
    shell: Shell, command: str, arguments: list[str], words: str, emulator: Any
) -> None:
    """What can be known to be wrong beforehand ends the command with 2, and nothing is sent."""
    shell.write("empty.csv", "")
    shell.write("utf16.jsonl", "{}".encode("utf-16"))
    shell.write("text.txt", "{}")
    shell.write("other.csv", "Email\nada@shop.org\n")
    shell.write("good.jsonl", "{}")
    shell.write("good.csv", "metric\nA\n")
    result = shell(command, *arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stdout == ""
    assert emulator.summary()["requests"] == 0
    assert not (shell.folder / "out.csv").exists()


@pytest.mark.parametrize(
    ("environment", "arguments", "words"),
    [
        ({"KLAVIYO_API_KEY": ""}, [], "there is no API key"),
        ({"KLAVIYO_API_KEY": "a key"}, [], "the API key holds"),
        ({}, ["--api-key-file", "nothing"], "the API key can't be read from nothing"),
        ({}, ["--api-key-file", "empty"], "there is no API key in empty"),
        ({}, ["--base-url", "shop"], "the base URL must look like"),
        ({}, ["--base-url", "http://shop.org"], "--allow-plain-http"),
        ({}, ["--rate", "10"], "a rate is written"),
    ],
)
def test_wrong_settings(
    shell: Shell, line: Line, environment: Any, arguments: list[str], words: str
) -> None:
    """What is wrong with key, address or rate is said, never with the key in it."""
    shell.environment.update(environment)
    shell.write("empty", "")
    result = shell("send", "--backfill", shell.write("in.jsonl", line()), *arguments)
    assert result.exit_code == 2
    assert words in result.stderr
