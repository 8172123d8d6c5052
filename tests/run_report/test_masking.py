"""What is left of what a report quotes."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from klaviyo_bulk_events.outcomes import Outcome, Status
from klaviyo_bulk_events.problems import Problem
from klaviyo_bulk_events.run_report import Reasons
from klaviyo_bulk_events.run_report.masking import masked, masked_code, masked_pointer

RECORD = {
    "metric": "Ordered Product",
    "profile": {"email": "ada@shop.org", "first_name": "Ada", "external_id": "C-17"},
    "properties": {"note": "ring twice", "sku": "blue shoe"},
}
ID = "0b7e7b1c-6a3c-4f2e-9d55-0a3c5f6e7a8b"
PHONES = st.from_regex(r"\+[1-9][0-9]{7,14}", fullmatch=True)
TEXTS = st.one_of(st.emails(), PHONES)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a profile needs one of id, email", "a profile needs one of id, email"),
        ("there is no field 'emial': did you mean 'email'?", None),
        ("there is no field 'ada@shop.org': known are x", "there is no field '•••': known are x"),
        ("no field '+49 (170) 555-0123'", "no field '•••'"),
        ("an event has 401 properties: at most 400", None),
        ("the time is not ISO 8601, like 2026-11-08T09:30:00+00:00", None),
        ("orders-2026-11.jsonl:17", None),
        ("the first is at orders.csv.gz:1234567", None),
        ("the run was stopped; from row 250000 on, counted from 0, nothing was read", None),
        ("row 4917012345678 is no row", "row ••• is no row"),
        ("the phone is at tel:491701234", "the phone is at tel:•••"),
        (
            "the query failed after 250000 rows; what follows is lost: 250000 rows",
            "the query failed after 250000 rows; what follows is lost: ••• rows",
        ),
        ("Klaviyo says: row 250000 of a.csv:123456", "Klaviyo says: row ••• of •••"),
        ("born 1985-11-08", "born •••"),
        ("limited to 95,000 bytes, this has 1,234,567", None),
        (
            f"Klaviyo says: Invalid email address 'x@y.de' for Ada Lovelace. (error {ID})",
            f"Klaviyo says: Invalid email address ••• for ••• ••• (error {ID})",
        ),
        ("Klaviyo says: ring twice is no date", "Klaviyo says: ••• is no date"),
        ("Klaviyo says: profile C-17 has sku Blue Shoe", "Klaviyo says: profile ••• has sku •••"),
        (
            "the query failed after 3 rows; what follows is lost: can't convert 'Ada' to INT32",
            "the query failed after 3 rows; what follows is lost: can't convert ••• to •••",
        ),
    ],
)
def test_sentences(text: str, left: str | None) -> None:
    """Ours keep their numbers and names of fields; of a server's only plain words are left."""
    assert masked(text, RECORD) == (text if left is None else left)


@pytest.mark.parametrize(
    ("pointer", "left"),
    [
        ("/profile/email", "/profile/email"),
        ("/properties/sku", "/properties/sku"),
        ("/properties/ada@shop.org/x", "/properties/•••/x"),
        ("/properties/C-17", "/properties/•••"),
        (
            "/data/attributes/events-bulk-create/data/3/attributes/events/data/997",
            "/data/attributes/events-bulk-create/data/3/attributes/events/data/997",
        ),
    ],
)
def test_pointers(pointer: str, left: str) -> None:
    """Names of fields stay, what may be somebody's data does not."""
    assert masked_pointer(pointer, RECORD) == left


@pytest.mark.parametrize(
    ("origin", "left"),
    [
        ("orders.csv:99999", "orders.csv:99999"),
        ("exports/big.jsonl:12345678", "big.jsonl:12345678"),
        ("sql:250000", "sql:250000"),
        ("/home/ada/orders of +49 170 5550123.csv:250000", "orders of •••.csv:250000"),
        ("ada@shop.org/ada@shop.org:100000", "•••:100000"),
        ("4917055501234", "•••"),
        ("", ""),
    ],
)
def test_origins(origin: str, left: str) -> None:
    """Where a record stands can be read, however far down; whose file it is can't."""
    problem = Problem("/time", "naive_time", "x")
    reasons = Reasons()
    reasons.hear(Outcome(Status.REJECTED, 0, None, (problem,), origin=origin))
    (told,) = reasons.of("rejected", {"naive_time": 1})
    assert told["examples"][0]["origin"] == left


@pytest.mark.parametrize(
    ("code", "left"),
    [
        ("invalid", "invalid"),
        ("not_utf8", "not_utf8"),
        ("ada@shop.org", "•••"),
        ("customer_447009", "•••"),
        ("Ada Lovelace", "Ada •••"),
    ],
)
def test_codes(code: str, left: str) -> None:
    """A server may put anything into a code."""
    assert masked_code(code) == left


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    TEXTS,
    st.text(max_size=20),
    st.sampled_from(["", "Klaviyo says: ", "refused together with 3 others: Klaviyo says: "]),
    st.booleans(),
)
def test_no_address_and_no_number_is_left(
    secret: str, around: str, begin: str, known: bool
) -> None:
    """Wherever one stands: in a message, a pointer, a code or an origin."""
    problem = Problem(f"/properties/{secret}", secret, f"{begin}{around} {secret} {around}")
    record = {"profile": {"email": secret}} if known else {}
    reasons = Reasons()
    reasons.hear(Outcome(Status.REJECTED, 0, record, (problem,), (problem,), origin=f"{secret}:1"))
    told = str([*reasons.of("rejected", {secret: 1}), *reasons.of("warning", {secret: 1})])
    assert secret not in told
    shown = Reasons(show_values=True)
    shown.hear(Outcome(Status.REJECTED, 0, record, (problem,)))
    assert next(shown.of("rejected", {secret: 1}))["code"] == secret


def test_examples_are_few() -> None:
    """Of a million events with the same fault three are kept, and of endless codes the first."""
    reasons = Reasons()
    for number in range(1_000):
        problem = Problem("/time", "naive_time", f"sentence {number}")
        reasons.hear(Outcome(Status.REJECTED, number, None, (problem,), origin=f"a:{number}"))
        other = Problem("", f"code-{'x' * number}", "x")
        reasons.hear(Outcome(Status.REJECTED, number, None, (other,)))
    (told,) = reasons.of("rejected", {"naive_time": 1_000})
    assert [example["origin"] for example in told["examples"]] == ["a:0", "a:1", "a:2"]
    assert told["events"] == 1_000
    assert len(reasons._kept) == 200
