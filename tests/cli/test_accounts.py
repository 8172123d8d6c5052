"""Sending each record to its own account."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from klaviyo_bulk_events.cli import sending_accounts
from klaviyo_bulk_events.cli.accounts_file import read_accounts
from klaviyo_bulk_events.emulator import Emulator, Running, Settings, running
from klaviyo_bulk_events.errors import ConfigurationError
from tests.cli.conftest import KEY, PROGRAM, Shell

ACCOUNTS = 'a = "env:KEY_A"\nb = "file:b.key"\nc = "tokens_of_tests:token"\n'


@pytest.fixture(scope="module")
def many() -> Iterator[Running]:
    with running(Settings(rates=(), account_per_key=True, seed=1)) as many:
        yield many


@pytest.fixture
def shops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, many: Running, emulator: Emulator
) -> Shell:
    """A folder with a file of three accounts, each of another kind of credential."""
    many.emulator.reset()
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "accounts.toml").write_text(ACCOUNTS)
    (tmp_path / "b.key").write_text("pk_b\n")
    (tmp_path / "tokens_of_tests.py").write_text("def token(account): return 'token-' + account\n")
    return Shell(tmp_path, {"KEY_A": KEY, "KLAVIYO_BASE_URL": many.url})


SEND = ("send", "events.jsonl", "--backfill", "--accounts", "accounts.toml")


def test_each_record_goes_to_its_account(
    shops: Shell, many: Running, line: Callable[..., str]
) -> None:
    """By key in a file, in the environment, or by token; the report has each of them."""
    lines = [line(account="abc"[n % 3], unique_id=f"{n}") for n in range(31)]
    shops.write("events.jsonl", "\n".join(lines))
    result = shops(*SEND, "--report", "report.json")
    assert result.exit_code == 0
    report = json.loads((shops.folder / "report.json").read_bytes())
    assert {name: each["accepted"] for name, each in report["accounts"].items()} == {
        "a": 11,
        "b": 10,
        "c": 10,
    }
    assert report["accepted"] == len(many.emulator.events()) == 31
    assert [row.split()[:3] for row in result.stdout.splitlines()[:4]] == [
        ["account", "submitted", "accepted"],
        ["a", "11", "11"],
        ["b", "10", "10"],
        ["c", "10", "10"],
    ]


def test_the_time_is_that_of_the_whole(
    shops: Shell, line: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accounts are served side by side: their times are not added."""
    times = iter([1_000.0, 1_007.5])
    monkeypatch.setattr(sending_accounts, "time", SimpleNamespace(monotonic=lambda: next(times)))
    shops.write("events.jsonl", "\n".join(line(account=name) for name in "abc"))
    result = shops(*SEND, "--report", "report.json")
    assert json.loads((shops.folder / "report.json").read_bytes())["seconds"] == 7.5
    assert "7.5 s" in result.stdout


@pytest.mark.parametrize(
    ("column", "more"),
    [("shop", ()), ("properties.shop", ()), ("shop", ("--rest-as-properties",))],
)
def test_a_table_has_a_column_for_it(
    shops: Shell, many: Running, column: str, more: tuple[str, ...]
) -> None:
    """One beside those of the event, or one of them."""
    header = f"metric,profile.email,time,{column}"
    rows = [f"m,{n}@shop.org,2026-01-02T03:04:05Z,{'ab'[n % 2]}" for n in range(4)]
    shops.write("events.csv", "\n".join([header, *rows]))
    result = shops(
        "send", "events.csv", "--backfill", "--accounts", "accounts.toml",
        "--account-column", column, *more,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert len(many.emulator.events()) == 4
    has_property = [event.properties.get("shop") for event in many.emulator.events()]
    assert any(has_property) is (column == "properties.shop")


def test_a_table_without_the_column(shops: Shell) -> None:
    """It is said before anything is sent."""
    shops.write("events.csv", "metric,time\nm,2026-01-02T03:04:05Z\n")
    result = shops("send", "events.csv", "--backfill", "--accounts", "accounts.toml")
    assert result.exit_code == 2
    assert "no column 'account'" in result.output


def test_rejects_can_be_sent_again(shops: Shell, many: Running, line: Callable[..., str]) -> None:
    """They keep their account, and what has none is among them."""
    lines = [
        line(account="a", unique_id="1"),
        line(account="b", time="yesterday", unique_id="2"),
        line(account="nobody"),
        line(),
        "{",
    ]
    shops.write("events.jsonl", "\n".join(lines))
    result = shops(*SEND, "--rejects", "rejects.jsonl")
    assert result.exit_code == 1
    kept = (shops.folder / "rejects.jsonl").read_text().splitlines()
    rejects = [json.loads(each) for each in kept]
    codes = [each["problems"][0]["code"] for each in rejects]
    assert codes == ["unknown_account", "missing_account", "not_json", "not_a_time"]
    mended = next(each for each in rejects if each["problems"][0]["code"] == "not_a_time")
    mended["record"]["time"] = "2026-01-02T03:04:05Z"
    shops.write("events.jsonl", json.dumps(mended))
    assert shops(*SEND).exit_code == 0
    assert len(many.emulator.events()) == 2


def test_one_account_s_revoked_key(shops: Shell, line: Callable[..., str]) -> None:
    """The others' records arrive; its line stands first and says why."""
    shops.write("events.jsonl", "\n".join(line(account=name) for name in "ab"))
    with running(Settings(rates=(), api_key=KEY, seed=1)) as strict:
        result = shops(*SEND, "--base-url", strict.url)
    assert result.exit_code == 3
    assert result.stdout.splitlines()[1].split()[:3] == ["b", "1", "0"]
    assert "API key" in result.stdout


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        (f'"{KEY}"', "A key itself is refused"),
        ('"Bearer abcdefghijklmnop"', "A key itself is refused"),
        ('"env:"', "a credential is a reference"),
        ("7", "a credential is a reference"),
        ('"env:NOT_THERE"', "the environment has no NOT_THERE"),
        ('"file:not-there"', "can't be read from not-there"),
        ('"no_such_module:token"', "can't be imported: ModuleNotFoundError .*PYTHONPATH"),
        ('"os:no_such_function"', "can't be imported: AttributeError"),
        ('"os:name"', "is no function"),
    ],
)
def test_credentials_are_references(tmp_path: Path, reference: str, said: str) -> None:
    """What may be a key is refused, with the reason and without the text."""
    path = tmp_path / "accounts.toml"
    path.write_text(f"shop = {reference}")
    with pytest.raises(ConfigurationError, match=said) as refused:
        read_accounts(path)
    assert "'shop'" in str(refused.value)
    assert KEY not in str(refused.value)
    assert "abcdefgh" not in str(refused.value)


def test_a_module_beside_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is found there, wherever the command is called; but what is found elsewhere goes first."""
    monkeypatch.setattr(sys, "path", sys.path[:])
    for name in ("tokens_beside_it", "tomllib"):
        (tmp_path / f"{name}.py").write_text("def token(account): return 'token-' + account\n")
    path = tmp_path / "accounts.toml"
    path.write_text('a = "tokens_beside_it:token"')
    token = read_accounts(path)["a"]
    assert callable(token)
    assert token() == "token-a"
    path.write_text('a = "tomllib:token"')
    with pytest.raises(ConfigurationError, match="AttributeError"):
        read_accounts(path)


def test_no_module_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules are looked for beside the file only if it names one."""
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.setenv("KEY_OF_A_SHOP", KEY)
    path = tmp_path / "accounts.toml"
    path.write_text('a = "env:KEY_OF_A_SHOP"')
    read_accounts(path)
    assert str(tmp_path) not in sys.path


@pytest.mark.skipif(sys.platform != "linux", reason="other systems show no environment")
def test_a_key_from_the_environment_is_blanked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A query of --sql that gets around what keeps it from /proc finds no account's key there."""
    monkeypatch.setenv("KEY_OF_A_SHOP", KEY)
    path = tmp_path / "accounts.toml"
    path.write_text('a = "env:KEY_OF_A_SHOP"\nb = "env:KEY_OF_A_SHOP"')
    assert read_accounts(path) == {"a": KEY, "b": KEY}
    getenv = ctypes.CDLL(None).getenv
    getenv.restype = ctypes.c_char_p
    assert getenv(b"KEY_OF_A_SHOP") == b"*" * len(KEY)


@pytest.mark.parametrize("content", ["", f"shop = {KEY}", None])
def test_a_file_that_names_nobody(tmp_path: Path, content: str | None) -> None:
    """Or is no TOML, or not there: the text is not quoted."""
    path = tmp_path / "accounts.toml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigurationError) as refused:
        read_accounts(path)
    assert KEY not in str(refused.value)


@pytest.mark.parametrize(
    "more", [("--journal", "x.db"), ("--account", "x"), ("--api-key-file", "x")]
)
def test_what_is_for_one_account(shops: Shell, more: tuple[str, ...]) -> None:
    """It contradicts --accounts."""
    result = shops(*SEND, *more)
    assert result.exit_code == 2
    assert "is for one account" in result.output


def test_a_column_without_accounts(shell: Shell) -> None:
    """It would be for nothing."""
    result = shell("send", "events.jsonl", "--backfill", "--account-column", "x")
    assert result.exit_code == 2
    assert "--account-column is for --accounts" in result.output


@pytest.mark.skipif(os.name == "nt", reason="has no SIGTERM")
def test_a_signal_ends_the_stream_in_order(
    shops: Shell, many: Running, line: Callable[..., str]
) -> None:
    """What is in flight is settled, the rest that was read is unsent and among the rejects."""
    lines = (line(account="ab"[n % 2], unique_id=f"{n}") for n in range(8_000))
    shops.write("events.jsonl", "\n".join(lines))
    outputs = ("--report", "report.json", "--rejects", "rejects.jsonl")
    with subprocess.Popen(
        [*PROGRAM, *SEND, *outputs, "--rate", "1/30s", "--quiet"],
        env=os.environ | shops.environment,
        cwd=shops.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        while len(many.emulator.requests()) < 2 and process.poll() is None:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 128 + signal.SIGTERM
    report = json.loads((shops.folder / "report.json").read_bytes())
    assert report["stopped"] == "interrupted by SIGTERM"
    assert report["accepted"] == len(many.emulator.events()) == 2_000
    rejects = (shops.folder / "rejects.jsonl").read_text().splitlines()
    assert len(rejects) == report["unsent"] == report["submitted"] - 2_000
