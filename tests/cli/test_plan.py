"""How long it must take is said before anything is started."""

from collections.abc import Callable

import pytest

from tests.cli.conftest import Shell


def test_one_account_with_500_million_events(shell: Shell) -> None:
    """It takes 55.6 hours, on any hardware."""
    result = shell("plan", "--events", "500000000")
    assert result.exit_code == 0
    assert "500,000 requests" in result.stdout
    assert "it takes 55 h 33 min or more, however many machines send" in result.stdout


def test_the_largest_account_says_how_long(shell: Shell) -> None:
    """Accounts have limits of their own: they don't add up. The largest is listed first."""
    result = shell("plan", *(f"--events=shop-{n}={n}0000" for n in range(1, 31)))
    rows = [line.split() for line in result.stdout.splitlines()]
    assert rows[3] == ["shop-30", "300,000", "300", "1", "min", "14", "s"]
    assert rows[23] == ["and", "10", "smaller", "ones"]
    assert "it takes 1 min 14 s or more" in result.stdout


def test_sources_are_read_by_account(shell: Shell, line: Callable[..., str]) -> None:
    """What would be rejected, and what has no account, is left out."""
    lines = [line(shop="ab"[n % 2], unique_id=str(n)) for n in range(2_002)]
    lines += [line(shop="a", time="yesterday"), line(), "{"]
    shell.write("events.jsonl", "\n".join(lines))
    result = shell("plan", "events.jsonl", "--backfill", "--account-column", "shop")
    rows = [line.split() for line in result.stdout.splitlines()]
    assert [row[:3] for row in rows[3:5]] == [["a", "1,001", "2"], ["b", "1,001", "2"]]
    assert "2 accounts, 2,002 events, 4 requests or more." in result.stdout
    assert "3 records would be rejected" in result.stdout


def test_flows_need_not_be_named(shell: Shell, line: Callable[..., str]) -> None:
    """Whether events are history changes no number; they may also say it, each in its way."""
    lines = [line(shop="a", unique_id="1"), line(shop="a", unique_id="2", backfill=False)]
    shell.write("events.jsonl", "\n".join(lines))
    result = shell("plan", "events.jsonl", "--account-column", "shop")
    assert "1 account, 2 events, 1 request or more." in result.stdout
    assert "rejected" not in result.stdout


def test_large_events_take_more_requests(shell: Shell, line: Callable[..., str]) -> None:
    """Five megabytes are a request's most: 100 events of 90 KB are two."""
    large = {"text": "x" * 90_000}
    lines = [line(properties=large, unique_id=str(n)) for n in range(100)]
    shell.write("events.jsonl", "\n".join(lines))
    result = shell("plan", "events.jsonl", "--backfill")
    assert "1 account, 100 events, 2 requests or more." in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--events", "many"], "takes a number"),
        (["--events", "5", "x.jsonl"], "stands in for sources"),
        ([], "name files"),
    ],
)
def test_wrong_usage(shell: Shell, arguments: list[str], said: str) -> None:
    """It says what is wanted."""
    result = shell("plan", *arguments)
    assert result.exit_code == 2
    assert said in result.output
