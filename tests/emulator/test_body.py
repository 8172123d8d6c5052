"""From the bytes of a body to its document."""

import gzip
import json

import orjson
import pytest

from klaviyo_bulk_events.limits import REQUEST_BYTES

LIMIT = REQUEST_BYTES.value


def padded(body: bytes, size: int) -> bytes:
    """The body with spaces after it, which JSON allows."""
    return body + b" " * (size - len(body))


@pytest.mark.parametrize(("size", "status"), [(LIMIT, 202), (LIMIT + 1, 413)])
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_body_limit(emulator, make, encoding, size, status):
    """A body goes up to its limit in bytes, counted after decompression."""
    body = padded(orjson.dumps(make.document()), size)
    sent = gzip.compress(body, 1, mtime=0) if encoding == "gzip" else body
    assert emulator.receive(make.request(sent, content_encoding=encoding)).status == status


def test_a_zip_bomb_is_not_unpacked(emulator, make):
    """A small body that would unpack to very much is refused by what it unpacks to at first."""
    bomb = gzip.compress(b" " * 20 * LIMIT, 9, mtime=0)
    assert emulator.receive(make.request(bomb, content_encoding="gzip")).status == 413


@pytest.mark.parametrize("cut", [0, 5, -9, -1])
def test_broken_gzip(emulator, make, cut):
    """What ends too early or is no gzip is refused with 400."""
    sent = gzip.compress(orjson.dumps(make.document()))[:cut]
    assert emulator.receive(make.request(sent, content_encoding="gzip")).status == 400


def test_gzip_of_several_members(emulator, make):
    """They are one body (RFC 1952), whatever each of them ends with."""
    body = orjson.dumps(make.document())
    members = [gzip.compress(part, mtime=0) for part in (body[:50], b"", body[50:])]
    assert emulator.receive(make.request(b"".join(members), content_encoding="gzip")).status == 202
    much = gzip.compress(b" " * (LIMIT // 2 + 1), 1, mtime=0) * 2
    assert emulator.receive(make.request(much, content_encoding="gzip")).status == 413


@pytest.mark.parametrize("rest", [b"garbage", b"{}", b"\x1f\x8b"])
def test_what_follows_gzip(emulator, make, rest):
    """Anything but another member is refused with 400."""
    sent = gzip.compress(orjson.dumps(make.document())) + rest
    assert emulator.receive(make.request(sent, content_encoding="gzip")).status == 400


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"{}",
        b'"\xff"',
        b'{"data": NaN}',
        b'{"data": Infinity}',
        b'{"data": 1e999}',
        b'{"data": "\\ud800"}',
        b"[" * 2000 + b"]" * 2000,
        b"[" * 1010 + b"]" * 1010,
        b'\xef\xbb\xbf{"data": 1}',
    ],
)
def test_what_is_no_document(emulator, make, body):
    """What isn't JSON, or isn't a document, is refused with 400."""
    assert emulator.receive(make.request(body)).status == 400
    assert emulator.events() == []


def test_a_key_twice_in_one_object(emulator, make, errors):
    """A key that stands twice is refused, not settled by its last value."""
    body = orjson.dumps(make.document()).replace(b'"unique_id":', b'"unique_id":"u0","unique_id":')
    (error,) = errors(emulator.receive(make.request(body)))
    assert "twice" in error["detail"]


@pytest.mark.parametrize("options", [{}, {"indent": 2}, {"ensure_ascii": False}])
def test_any_spelling_of_json(emulator, make, options):
    """Spaces, escapes and number forms of other encoders mean the same."""
    properties = {"name": "Zoë 🛒", "price": 1e22, "ratio": 0.1, "large": 2**63 - 1, "zero": -0.0}
    document = make.document(make.entry(make.event(properties=properties)))
    sent = json.dumps(document, **options).encode()
    assert emulator.receive(make.request(sent)).status == 202
    assert emulator.events()[0].properties == properties
