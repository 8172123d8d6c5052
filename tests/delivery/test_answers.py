"""How what comes back is read: tolerantly."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klaviyo_bulk_events.answers import (
    LONGEST_TEXT,
    ApiError,
    read_answer,
    read_errors,
    read_retry_after,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["errors", "id", "code", "source", "pointer", "detail"]), inner
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("", None),
        ("5", 5.0),
        ("0", 0.0),
        (" 7 ", 7.0),
        ("1.5", 1.5),
        ("-3", None),
        ("soon", None),
        ("5 seconds", None),
        ("٣", None),
        ("9" * 400, None),
        ("Mon, 23 Nov 2026 12:01:00 GMT", 60.0),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0.0),
        ("Mon, 99 Nov 2026 12:01:00 GMT", None),
    ],
)
def test_retry_after(text: str | None, seconds: float | None) -> None:
    """Seconds, or an HTTP date; anything else counts as absent."""
    assert read_retry_after(text, NOW) == seconds


@given(st.text(max_size=40))
def test_retry_after_never_raises(text: str) -> None:
    """Whatever a server writes there is a number of seconds or nothing."""
    seconds = read_retry_after(text, NOW)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>502 Bad Gateway</html>",
        b"{",
        b"null",
        b"[]",
        b'"errors"',
        b"{}",
        b'{"errors": {}}',
        b'{"errors": []}',
        b'{"errors": ["no object"]}',
        b'{"message": "forbidden"}',
        b"\xff\xfe",
    ],
)
def test_what_is_no_error_document(body: bytes) -> None:
    """HTML, empty bodies and odd JSON are no JSON:API errors."""
    assert read_errors(body) is None


@pytest.mark.parametrize(
    ("error", "read"),
    [
        ({}, ApiError("", "", "", "", "")),
        ({"id": 5, "code": None}, ApiError("", "", "", "", "")),
        ({"code": "invalid", "source": None}, ApiError("", "invalid", "", "", "")),
        ({"source": {"pointer": "/data/"}}, ApiError("", "", "", "", "/data/")),
        ({"source": {"parameter": "revision"}}, ApiError("", "", "", "", "")),
        ({"detail": "x" * 9_999}, ApiError("", "", "", "x" * LONGEST_TEXT, "")),
    ],
)
def test_errors_lack_what_they_like(error: dict[str, Any], read: ApiError) -> None:
    """Missing and odd members are empty texts, long ones are cut."""
    assert read_errors(orjson.dumps({"errors": [error]})) == (read,)


@given(JSON)
def test_no_document_makes_it_raise(document: Any) -> None:
    """Any JSON is an error document or is none."""
    errors = read_errors(orjson.dumps(document))
    assert errors is None or all(isinstance(error, ApiError) for error in errors)


def test_the_body_of_a_202_is_not_read() -> None:
    """Success is the status alone."""
    answer = read_answer(202, {}, b'{"errors": [{"code": "invalid"}]}', NOW)
    assert (answer.status, answer.errors) == (202, None)


@pytest.mark.parametrize(
    ("code", "pointer", "is_repeat"),
    [
        ("duplicate", "", True),
        ("duplicate_event", "/data", True),
        ("invalid", "/data/attributes/events-bulk-create/data/0/x/unique_id", True),
        ("invalid", "/data/attributes", False),
    ],
)
def test_what_names_a_repeat(code: str, pointer: str, is_repeat: bool) -> None:
    """A code with `duplicate` in it, or a pointer that ends in unique_id."""
    assert ApiError("", code, "", "", pointer).is_repeat is is_repeat
