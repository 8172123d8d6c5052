"""`send --report` and `check --report`: the numbers are those of the run, and nothing leaks."""

import base64
import hashlib
import json
import os
import re
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from klaviyo_bulk_events.cli.reporting import told
from klaviyo_bulk_events.emulator import Running
from klaviyo_bulk_events.outcomes import Status
from klaviyo_bulk_events.report import Report
from klaviyo_bulk_events.run_report import Reasons, of_run
from klaviyo_bulk_events.run_report.page import page

from .conftest import Record, Shell, Text

SCRIPT = "<script>alert(1)</script>"
KEYS = {
    *("kind", "form", "state", "written", "submitted", "accepted", "duplicate", "rejected"),
    *("unknown", "unsent", "in_flight", "requests", "retries", "narrowing", "throttled", "bytes"),
    *("seconds", "rejections", "warnings", "stopped", "reasons", "shows_values", "settings"),
    *("versions", "timeline"),
}


def poisoned(record: Record) -> list[Any]:
    """Records of which some are broken, some repeat others, and some the server refuses."""
    records: list[Any] = [record(number) for number in range(40)]
    records[3]["metric"] = ""
    records[4] = "{"
    records[5]["properties"] = {"discount": 0}
    records[6] = records[7]
    records[8]["profile"] = {"email": "somebody@example.com"}
    return records


@pytest.mark.parametrize("journal", [(), ("--journal", "run.db")])
def test_the_numbers_are_those_of_the_run(
    shell: Shell, emulated: Running, record: Record, journal: tuple[str, ...]
) -> None:
    """Of the page, of the data, of the timeline, and of what the server holds."""
    emulated.emulator.set_faults({"html_503": 0.3, "poison": 0.5})
    shell.write("in.jsonl", *poisoned(record))
    result = shell.send("in.jsonl", "--report", "run.json", *journal)
    emulated.emulator.set_faults({})
    data = shell.data("run.json")
    assert data.keys() == KEYS
    assert (data["state"], data["submitted"], data["in_flight"]) == ("complete", 40, 0)
    dropped = data["warnings"]["test_address"]
    assert data["accepted"] == emulated.emulator.summary()["accepted"] + dropped
    assert data["submitted"] == sum(data[status.value] for status in Status)
    assert result.exit_code == 1
    for status in Status:
        assert sum(data["timeline"]["buckets"][status.value]) == data[status.value]
    for name in ("requests", "retries"):
        assert sum(data["timeline"]["buckets"][name]) == data[name]
    rejected = data["reasons"]["rejected"]
    assert {of["code"]: of["events"] for of in rejected} == data["rejections"]
    assert all(1 <= len(of["examples"]) <= 3 for of in rejected)
    assert {of["code"] for of in data["reasons"]["warnings"]} == {"ignored_value", "test_address"}
    text = Text(page(data).decode()).text
    assert f"{data['accepted']} of 40 events accepted: 1 duplicate" in text
    for count, name in ((data["accepted"], "Accepted"), (1, "Duplicate")):
        assert f"{count} {name}" in text
    assert data["versions"]["api_revision"] in text


def test_a_page_stands_alone(shell: Shell, record: Record) -> None:
    """It loads nothing, runs nothing, and its policy allows its one style and no more."""
    shell.write("in.jsonl", *poisoned(record))
    shell.send("in.jsonl", "--report", "run.html")
    source = (shell.folder / "run.html").read_text()
    shown = shell.page("run.html")
    names = {name for name, _ in shown.tags}
    assert not names & {"script", "link", "img", "iframe", "a", "use", "image"}
    assert not any(key in {"href", "src", "style"} or key.startswith("on")
                   for _, attributes in shown.tags for key in attributes)  # fmt: skip
    assert not re.search(r"https?:|url\(|@import", source.replace("http://127.0.0.1", ""))
    style = source.split("<style>")[1].split("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    (policy,) = (a["content"] for n, a in shown.tags if a.get("http-equiv"))
    assert policy is not None
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    drawings = [attributes for name, attributes in shown.tags if name == "svg"]
    assert drawings
    assert all(a["role"] == "img" and a["aria-label"] for a in drawings)
    assert source.count("<svg") == source.count("<title>") - 1 == source.count("<desc>")


def test_nothing_is_taken_for_markup(shell: Shell, record: Record) -> None:
    """Neither of names, of files, of settings nor of values."""
    records = [
        record(1, **{SCRIPT: 1}),
        record(2, properties={SCRIPT: 0}),
        record(3, metric=SCRIPT),
    ]
    name = shell.write("<b>.jsonl", *records)
    for command in (("send", "--backfill", "--rate", "9/s"), ("check", "--backfill")):
        shell(*command, name, "--report", "run.html", "--show-values", "--allow-metric", SCRIPT)
        source = (shell.folder / "run.html").read_text()
        assert "<script" not in source
        assert "<b>" not in source
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in source


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text())
def test_any_text_makes_a_page(text: str) -> None:
    """Half surrogate pairs, zeros and marks that turn a line around, too."""
    counts = dict.fromkeys(
        ("submitted", "accepted", "duplicate", "unknown", "unsent", "requests", "retries",
         "narrowing", "throttled", "bytes"), 0)  # fmt: skip
    report = Report(
        **{**counts, "submitted": 1},
        rejected=1,
        seconds=0.0,
        rejections={text: 1},
        warnings={},
        stopped=text,
    )
    document = of_run(report, Reasons(show_values=True), settings={"metric": text + "\ud800"})
    shown = page(document).decode()
    assert "\x00" not in shown
    assert "\u202e" not in shown


@pytest.mark.parametrize("name", ["run.html", "run.json"])
def test_personal_data_is_asked_for(
    shell: Shell, emulated: Running, record: Record, name: str
) -> None:
    """What the server quotes is masked, and with --show-values is for the user's eyes alone."""
    emulated.emulator.set_faults({"poison": 1.0})
    phone = "+491705550123"
    broken = record(2, **{"eve@shop.org": 1})
    shell.write("in.jsonl", record(1, profile={"phone_number": phone}), broken, "{")
    shell.send("in.jsonl", "--report", name)
    masked = (shell.folder / name).read_text()
    assert not [word for word in ("shop.org", phone, phone[1:]) if word in masked]
    assert Path(name).stat().st_mode == Path("in.jsonl").stat().st_mode
    shell.send("in.jsonl", "--report", name, "--show-values")
    assert "eve@shop.org" in (shell.folder / name).read_text()
    assert stat.S_IMODE(Path(name).stat().st_mode) == 0o600


def test_no_credential_is_told(shell: Shell, record: Record) -> None:
    """Neither the key nor what stands in a URL before its host."""
    shell.write("in.jsonl", record())
    shell.send("in.jsonl", "--report", "run.json", "--show-values")
    assert "pk_" not in (shell.folder / "run.json").read_text()
    options = {
        "rate": (),
        "share": 1.0,
        "limiter": "redis://me:secret@host/0",
        "attach": ("secret",),
    }

    shown = told({**options, "base_url": "https://me:secret@proxy.test/x"}, show_values=True)
    assert shown["limiter"] == "redis://host/0"
    assert shown["base_url"] == "https://proxy.test/x"
    assert "secret" not in str(shown)


def test_what_is_there_already(shell: Shell, emulated: Running, record: Record) -> None:
    """Another report is written over, anything else is not, and nothing is sent then."""
    shell.write("in.jsonl", record())
    for name in ("run.html", "run.json", "run.html"):
        assert shell.send("in.jsonl", "--report", name).exit_code == 0
    (shell.folder / "empty.html").touch()
    assert shell.send("in.jsonl", "--report", "empty.html").exit_code == 0
    emulated.emulator.reset()
    shell.write("letter.html", "<p>Dear Ada</p>")
    result = shell.send("in.jsonl", "--report", "letter.html")
    assert result.exit_code == 2
    assert "letter.html is there and is no report of a run: name another file" in result.stderr
    assert (shell.folder / "letter.html").read_text() == "<p>Dear Ada</p>"
    for name in ("nowhere/run.html", "."):
        assert "can't be written" in shell.send("in.jsonl", "--report", name).stderr
    assert emulated.emulator.summary()["requests"] == 0
    assert sorted(os.listdir()) == ["empty.html", "in.jsonl", "letter.html", "run.html", "run.json"]


@pytest.mark.parametrize(
    ("faults", "options", "words"),
    [
        ({"json_401": 1.0}, (), "the API key"),
        ({"html_503": 1.0}, ("--deadline", "0.1"), "a request was given up"),
    ],
)
def test_a_run_that_was_stopped(
    shell: Shell,
    emulated: Running,
    record: Record,
    faults: dict[str, float],
    options: tuple[str, ...],
    words: str,
) -> None:
    """The page is written all the same, and says so."""
    emulated.emulator.set_faults(faults)
    shell.write("in.jsonl", *map(record, range(5)))
    assert shell.send("in.jsonl", "--report", "run.html", *options).exit_code in (2, 3)
    text = shell.page("run.html").text
    assert "The run was stopped before it was complete." in text
    assert words in text
    assert "Running the same import again sends them" in text


def test_times_that_are_made_anew(shell: Shell, emulated: Running, record: Record) -> None:
    """Nobody is told to import again what would count twice then."""
    emulated.emulator.set_faults({"html_503_after": 1.0})
    shell.write("in.jsonl", {**record(), "time": None})
    options = ("--stamp-now", "--deadline", "0.1", "--report", "run.html")
    assert shell.send("in.jsonl", *options).exit_code == 3
    text = shell.page("run.html").text
    assert "Running the same import again" not in text
    assert (
        "Sending the file of rejects (not the same import again, which would count twice)" in text
    )


def test_a_plan(shell: Shell, emulated: Running, record: Record) -> None:
    """`check` says how many requests there are, how full, and how long they take."""
    shell.write("in.jsonl", *poisoned(record), *map(record, range(40, 1_250)))
    assert shell("check", "--backfill", "in.jsonl", "--report", "plan.json").exit_code == 1
    data = shell.data("plan.json")
    assert data.keys() == (KEYS - {"timeline"}) | {"plan"}
    assert (data["state"], data["accepted"], data["requests"]) == ("planned", 1_247, 2)
    assert data["plan"]["requests_by_fill"] == {"30": 1, "100": 1}
    assert data["plan"]["seconds"] == 0.0
    assert [of["events"] for of in data["plan"]["metrics"]] == [1_247]
    shell("check", "--backfill", "in.jsonl", "--report", "plan.html")
    text = shell.page("plan.html").text
    assert "1,247 of 1,250 events are ready to send" in text
    assert "Requests 2 Each may carry 1,000 events" in text
    assert "Nothing was sent" in text
    assert emulated.emulator.summary()["requests"] == 0


@pytest.mark.parametrize("command", ["send", "check"])
def test_values_without_a_report(shell: Shell, record: Record, command: str) -> None:
    """An option that would do nothing is an error."""
    shell.write("in.jsonl", record())
    result = shell(command, "--backfill", "in.jsonl", "--show-values")
    assert (result.exit_code, "--show-values is for --report" in result.stderr) == (2, True)


def test_many_accounts(shell: Shell, emulated: Running, record: Record) -> None:
    """One page, with a row for each."""
    shell.environment["A"] = shell.environment["B"] = shell.environment["KLAVIYO_API_KEY"]
    Path("accounts.toml").write_text('shop-a = "env:A"\nshop-b = "env:B"\n')
    shell.write("in.jsonl", *(record(n, account=f"shop-{'ab'[n % 2]}") for n in range(5)))
    arguments = ("in.jsonl", "--accounts", "accounts.toml")
    assert shell.send(*arguments, "--report", "run.json").exit_code == 0
    data = shell.data("run.json")
    assert data["accepted"] == 5
    assert {name: of["submitted"] for name, of in data["accounts"].items()} == {
        "shop-a": 3,
        "shop-b": 2,
    }
    assert json.dumps(data["timeline"]["limits"][0]["requests"]) == "2000"
    shell.send(*arguments, "--report", "run.html")
    assert "shop-a 3 " in shell.page("run.html").text
