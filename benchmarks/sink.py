"""A server that answers 202 to everything, in a process of its own and as cheaply as can be."""

import multiprocessing
import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from multiprocessing.connection import Connection

_ACCEPTED = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n"
_AT_ONCE = 1 << 20


@contextmanager
def running() -> Iterator[str]:
    """The server's URL, while it runs."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there,), daemon=True)
    process.start()
    there.close()
    try:
        yield f"http://127.0.0.1:{here.recv()}"
    finally:
        process.terminate()
        process.join()


def _serve(ready: Connection) -> None:
    with _Server(("127.0.0.1", 0), _Handler) as server:
        ready.send(server.server_address[1])
        server.serve_forever()


class _Handler(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    rbufsize = 1 << 16

    def handle(self) -> None:
        buffer = memoryview(bytearray(_AT_ONCE))
        while self.rfile.readline():
            left = _content_length(self.rfile)
            while left > 0:
                taken = self.rfile.readinto1(buffer[:left])
                if not taken:
                    return
                left -= taken
            self.wfile.write(_ACCEPTED)


def _content_length(head: BufferedIOBase) -> int:
    """Read a request's headers to their end."""
    length = 0
    while (line := head.readline()).strip():
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return length


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64
