"""Whatever is wrong with whichever record, the page shows nobody's address and nobody's number."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from klaviyo_bulk_events.cli.survey import Survey
from klaviyo_bulk_events.intake import Intake
from klaviyo_bulk_events.planner import Sourced
from klaviyo_bulk_events.rates import Rate
from klaviyo_bulk_events.run_report import Reasons
from klaviyo_bulk_events.run_report.data import of_plan
from klaviyo_bulk_events.run_report.page import page
from klaviyo_bulk_events.settings import planner

SECRETS = st.one_of(st.emails(), st.from_regex(r"\+[1-9][0-9]{7,14}", fullmatch=True))
FIELDS = st.sampled_from(
    ["email", "phone_number", "external_id", "first_name", "id", "location", "properties", "emial"]
)


@st.composite
def records(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A record that holds an address or a number in places of all kinds, and that secret."""
    secret = draw(SECRETS)
    value = draw(st.sampled_from([secret, [secret], {secret: secret}, f"x {secret}", float("nan")]))
    key = draw(st.sampled_from([secret, "note"]))
    record = {
        "metric": "Sold",
        "time": draw(st.sampled_from(["2026-01-02T03:04:05Z", secret, None])),
        "unique_id": draw(st.sampled_from([secret, "1", value])),
        "profile": draw(st.sampled_from([{draw(FIELDS): value}, secret, {"id": "1", key: value}])),
        "properties": draw(st.sampled_from([{key: value}, {key: 0}, {key: 2**70}, secret])),
    }
    if draw(st.booleans()):
        record[draw(st.sampled_from([secret, "rest", "profile.email"]))] = value
    return secret, record


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(records(), min_size=1, max_size=5))
def test_no_secret_is_shown(given_records: list[tuple[str, dict[str, Any]]]) -> None:
    """Of records with every kind of fault there is, read from a file."""
    reasons = Reasons()
    survey = Survey(planner(Intake(), backfill=True), reasons.hear)
    sourced = [Sourced(record, f"in:{n}") for n, (_, record) in enumerate(given_records)]
    report = survey.take_all(sourced)
    document = of_plan(report, reasons, fill={}, metrics=(), rates=[Rate(10, 1.0)], seconds=0.0)
    shown = f"{document} {page(document).decode()}"
    assert not [secret for secret, _ in given_records if secret in shown]
