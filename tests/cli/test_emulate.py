"""The commands `emulate` and `demo`."""

import signal
import subprocess
import sys
import urllib.request

import orjson
import pytest
from click.testing import CliRunner

from klaviyo_bulk_events.cli import shop
from klaviyo_bulk_events.cli.main import cli
from klaviyo_bulk_events.emulator import SUMMARIES

PROGRAM = (sys.executable, "-m", "klaviyo_bulk_events")


def test_it_serves_until_interrupted() -> None:
    """The emulator says where it listens, answers there, and ends on Ctrl-C."""
    arguments = ("emulate", "--port", "0", "--rate", "5/s", "--seed", "7", "--repeats", "drop")
    with subprocess.Popen((*PROGRAM, *arguments), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said.startswith("Listening at http://127.0.0.1:")
        with urllib.request.urlopen(said.split()[-1] + "/emulator/summary") as answer:
            summary = orjson.loads(answer.read())
        process.send_signal(signal.SIGINT)
        assert process.wait(20) in (0, 130)
    assert summary["seed"] == 7
    assert list(summary["busiest"]) == ["5/s"]


def test_faults_are_listed() -> None:
    """Every fault that can be named is listed with a sentence."""
    result = CliRunner().invoke(cli, ["emulate", "--list-faults"])
    assert result.exit_code == 0
    assert [text.split()[0] for text in result.stdout.splitlines()] == list(SUMMARIES)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--fault", "html_503"], "a fault is written html_503=0.1"),
        (["--fault", "html_503=2"], "html_503"),
        (["--fault", "nothing=0.1"], "nothing"),
        (["--rate", "10"], "a rate is written"),
        (["--host", "192.0.2.1"], "can't be listened on"),
        (["--port", "70000"], "--port"),
    ],
)
def test_settings_that_make_no_sense(arguments: list[str], words: str) -> None:
    """What can't be emulated is said, and nothing is served."""
    result = CliRunner().invoke(cli, ["emulate", *arguments])
    assert result.exit_code == 2
    assert words in result.stderr


def test_the_demo_shows_a_true_report() -> None:
    """The demo ends with 0, which it only does when the emulator holds what was accepted."""
    result = CliRunner().invoke(cli, ["demo"])
    assert result.exit_code == 0, result.output
    assert "submitted   20,000" in result.stdout
    assert "The emulator holds exactly the 19,840 events" in result.stdout


def test_the_demo_s_events_are_always_the_same() -> None:
    """The shop is seeded; some of its events are bad, some repeat the one before."""
    events = list(shop.events(1_000))
    assert events == list(shop.events(1_000))
    assert sum(not shop.is_good(event) for event in events) == 4
    assert len({event["unique_id"] for event in events}) == 996
