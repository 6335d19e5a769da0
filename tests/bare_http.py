"""Just enough of an HTTP server on bare sockets, at a tenth of what one with a framework costs: for far ends that must
not be what a test or a bench measures.
"""

import asyncio
import re
import socket
from abc import abstractmethod
from collections.abc import Callable

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class Connection(asyncio.Protocol):
    """One connection. Requests are told to `called` as they come; `write` answers, in the order of its calls."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.buffer = b""
        self.open = True

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            length = LENGTH.search(self.buffer, 0, end)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self.buffer) < whole:
                return
            head, body, self.buffer = self.buffer[:end], self.buffer[end + 4 : whole], self.buffer[whole:]
            self.called(head.split(b" ", 2)[1].decode(), body)

    @abstractmethod
    def called(self, path: str, body: bytes) -> None: ...

    def reachable(self) -> bool:
        """Whether an answer would still find somebody."""
        return self.open and not self.transport.is_closing()

    def write(self, body: bytes, status: int = 200, kind: bytes = b"application/json") -> None:
        if self.reachable():
            head = b"HTTP/1.1 %d -\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n" % (status, kind, len(body))
            self.transport.write(head + body)


async def serve(connection: Callable[[], Connection]) -> None:
    """Listens on a free port, which it prints, until it is ended."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1000)
    print("listening", listener.getsockname()[1], flush=True)
    server = await asyncio.get_running_loop().create_server(connection, sock=listener)
    await server.serve_forever()
