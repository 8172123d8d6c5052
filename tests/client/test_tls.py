"""Real handshakes with servers of all kinds of certificates."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trustme

from .conftest import KEY, Client, events

ANSWER = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
Certify = Callable[[trustme.CA], trustme.LeafCert]


class Server:
    """Serves one certificate on loopback, and keeps what it could read of requests."""

    def __init__(self, listener: socket.socket, context: ssl.SSLContext) -> None:
        self.url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        self.read = b""
        self.handshakes_refused = 0
        self._listener = listener
        self._context = context

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                try:
                    self._answer(connection)
                except OSError:  # ssl.SSLError is one
                    self.handshakes_refused += 1

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(5.0)
        with self._context.wrap_socket(connection, server_side=True) as stream:
            while b"unique_id" not in self.read or not self.read.endswith(b"}"):
                part = stream.recv(1 << 16)
                if not part:
                    raise ConnectionError
                self.read += part
            stream.sendall(ANSWER)


@contextmanager
def serving(certificate: trustme.LeafCert) -> Iterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(listener, context)
        thread = threading.Thread(target=server.serve)
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(params=["blocking", "asyncio"])
def connect(request: pytest.FixtureRequest) -> Callable[..., Client]:
    """Make a client of either kind, which tries once."""
    return lambda **settings: Client(request.param, **{"deadline": 0.001, **settings})


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SSL_CERT_FILE names the authority's certificate."""
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    monkeypatch.setenv("SSL_CERT_FILE", str(path))


def self_signed(authority: trustme.CA) -> Any:
    return trustme.LeafCert(authority.private_key_pem.bytes(), authority.cert_pem.bytes(), [])


def of_this_host(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert("127.0.0.1")


def of_another_host(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert("a.klaviyo.com", "127.0.0.2")


def expired(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert("127.0.0.1", not_after=datetime(2020, 1, 1, tzinfo=UTC))


def refused(connect: Callable[..., Client], certificate: trustme.LeafCert) -> None:
    with serving(certificate) as server:
        report = connect(base_url=server.url).send(events(3))
    assert (report.unsent, report.submitted) == (3, 3)
    assert server.handshakes_refused == report.requests > 0
    assert server.read == b""


@pytest.mark.parametrize("certify", [self_signed, of_this_host])
def test_a_server_that_nobody_vouches_for_is_refused(
    connect: Callable[..., Client], authority: trustme.CA, certify: Certify
) -> None:
    """Not a byte of the request reaches it, nor the key; the events are unsent."""
    refused(connect, certify(authority))


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("certify", [of_another_host, expired])
def test_a_certificate_must_fit(
    connect: Callable[..., Client], authority: trustme.CA, certify: Certify
) -> None:
    """One of a trusted authority is refused if it names another host, or its time is over."""
    refused(connect, certify(authority))


@pytest.mark.usefixtures("trusted")
def test_an_authority_can_be_named(connect: Callable[..., Client], authority: trustme.CA) -> None:
    """A server is believed that the authority in SSL_CERT_FILE vouches for."""
    with serving(of_this_host(authority)) as server:
        report = connect(base_url=server.url, deadline=60).send(events(3))
    assert report.accepted == 3
    assert KEY.encode() in server.read
