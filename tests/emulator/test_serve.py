"""The emulator as a process of its own."""

import signal
import socket
import subprocess
import sys

import httpx
import pytest

from klaviyo_bulk_events.emulator import Settings, serve

SCRIPT = """
from klaviyo_bulk_events.emulator import Settings, serve

serve(
    Settings(seed=7),
    port=0,
    allow_hosts=["emulator"],
    announce=lambda running: print(running.url, flush=True),
)
print("stopped")
"""


@pytest.fixture
def process():
    """An emulator's process."""
    with subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, text=True) as run:
        yield run
        run.kill()


def test_it_serves_until_it_is_interrupted(process):
    """It tells its address, answers loopback and allowed names there, and stops at Ctrl-C."""
    url = process.stdout.readline().strip()
    assert url.startswith("http://127.0.0.1:")
    summary = httpx.get(f"{url}/emulator/summary", headers={"host": "emulator:80"})
    assert summary.json()["seed"] == 7
    assert httpx.get(url, headers={"host": "elsewhere"}).status_code == 421
    process.send_signal(signal.SIGINT)
    assert process.stdout.read() == "stopped\n"
    assert process.wait() == 0


@pytest.mark.parametrize(
    ("host", "url"),
    [("0.0.0.0", "http://127.0.0.1:"), ("127.0.0.1", "http://127.0.0.1:"), ("::", "http://[::1]:")],
)
def test_the_address_that_is_announced_can_be_opened(host, url):
    """Also where it listens on all: no Host header may name that."""
    if ":" in host and not socket.has_dualstack_ipv6():
        pytest.skip("there is no IPv6 here")
    announced = []

    def announce(running):
        announced.append(running.url)
        raise KeyboardInterrupt

    serve(Settings(), host=host, port=0, announce=announce)
    assert announced[0].startswith(url)


def test_a_port_that_is_taken():
    """A port that another process has is an error of the system, at once."""
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        serve(Settings(), port=taken.getsockname()[1])
