"""`status` and `purge` of a spool."""

import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from klaviyo_bulk_events.cli.main import cli
from klaviyo_bulk_events.emulator import Running

from .conftest import Connect, eventually, held, ids, record


def command(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool.db"


def test_status(connect: Connect, path: Path) -> None:
    """It tells how many events wait, how old the oldest is, and whether a process sends."""
    queue = connect(spool=path, max_age=60)
    assert "No process sends" in command("status", path).stdout
    for number in range(1_234):
        queue.put(record(number))
    time.sleep(1)
    result = command("status", path).stdout
    assert "A process sends" in result
    numbers = [line.split() for line in result.splitlines()]
    assert ["waiting", "1,234"] in numbers or ["waiting", "234"] in numbers
    assert any(line[:1] == ["oldest"] and line[1:] in (["1", "s"], ["2", "s"]) for line in numbers)


@pytest.mark.parametrize("is_used", [True, False])
@pytest.mark.parametrize("forgotten", [None, "3"])
def test_purge(
    connect: Connect, emulated: Running, path: Path, is_used: bool, forgotten: str | None
) -> None:
    """All events, or those of one profile, are taken out of a spool, in use or not."""
    queue = connect(spool=path, max_age=60)
    for number in range(70):
        queue.put(record(number, metric="Viewed 3"))
    if not is_used:
        queue.close(0)
        files = path.parent.iterdir
    only = () if forgotten is None else ("--forget", forgotten)
    result = command("purge", path, *only)
    assert result.stdout.startswith("10 events" if forgotten else "70 events")
    if not is_used and forgotten is None:
        assert b"Viewed" not in b"".join(file.read_bytes() for file in files())
    queue = queue if is_used else connect(spool=path)
    assert queue.flush(10)
    left = ids(70) if forgotten else ids(0)
    for number in range(3, 70, 7):
        left -= ids(1, number)
    assert held(emulated) == left


def test_under_way(connect: Connect, emulated: Running, path: Path) -> None:
    """What a request holds at the moment is not taken out, and it is said so."""
    emulated.emulator.inject("slow", 1)
    queue = connect(spool=path, max_age=0.01)
    queue.put(record(0))
    assert eventually(lambda: emulated.emulator.summary()["requests"] == 1)
    queue.put(record(1))
    result = command("purge", path)
    assert "1 events were taken out" in result.stdout
    assert "1 more are in a request" in result.stdout
    assert queue.flush(10)
    assert held(emulated) == ids(1)


def test_an_awkward_identifier(connect: Connect, path: Path) -> None:
    """One that JSON writes in another way is found, and no other that holds it."""
    queue = connect(spool=path, max_age=60)
    for name in ('a"ü\\', 'a"ü\\b', "other"):
        queue.put(record(1, profile={"external_id": name}, unique_id=name))
    assert command("purge", path, "--forget", 'a"ü\\').stdout.startswith("1 events")


@pytest.mark.parametrize("given", ["ada@shop.org", "ADA@Shop.org"])
def test_an_address_in_either_case(connect: Connect, path: Path, given: str) -> None:
    """Addresses are compared without regard to case, other identifiers with it."""
    queue = connect(spool=path, max_age=60)
    for number, email in enumerate(("ada@shop.org", "Ada@shop.org", "ADA@SHOP.ORG", "b@shop.org")):
        queue.put(record(number, profile={"email": email}))
    queue.put(record(5, profile={"external_id": "x1"}))
    assert command("purge", path, "--forget", given).stdout.startswith("3 events")
    assert command("purge", path, "--forget", "X1").stdout.startswith("0 events")


@pytest.mark.parametrize("name", ["status", "purge"])
def test_no_such_spool(path: Path, name: str) -> None:
    """A file that isn't there is named, and not made."""
    result = command(name, path)
    assert result.exit_code == 2
    assert str(path) in result.stderr
    assert not list(path.parent.iterdir())


def test_the_file_shrinks(connect: Connect, path: Path) -> None:
    """After an outage a spool gives its room back."""
    queue = connect(spool=path, max_age=60)
    for number in range(900):
        queue.put(record(number, properties={"text": "x" * 3_000}))
    assert queue.flush(20)
    assert eventually(lambda: path.stat().st_size < 100_000)
