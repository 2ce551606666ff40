"""Bounds on what comes before a request: uvicorn itself waits for its head without end."""

import asyncio
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class BoundedHead(HttpToolsProtocol):
    """Ends connections whose head grows beyond all bounds (431) or does not come to its end in
    time (408). A body is bounded by the API, and keep-alive by uvicorn."""

    longest_head = 64 * 1024  # bytes; what the API itself refuses, in words, is well below
    head_seconds = 10.0

    _head_bytes = 0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect_no_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._deadline is not None:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._deadline is not None and self._head_bytes > self.longest_head:
            self._end(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._deadline is None:
            self._expect_head()

    def on_headers_complete(self) -> None:
        self._expect_no_head()
        super().on_headers_complete()

    def _expect_head(self) -> None:
        self._head_bytes = 0
        late = HTTPStatus.REQUEST_TIMEOUT
        self._deadline = self.loop.call_later(self.head_seconds, self._end, late)

    def _expect_no_head(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _end(self, status: HTTPStatus) -> None:
        """Close, with an answer unless an earlier request of the connection is being answered."""
        self._expect_no_head()
        if self.cycle is None or self.cycle.response_complete:
            line = f"HTTP/1.1 {status.value} {status.phrase}\r\n"
            self.transport.write(f"{line}connection: close\r\ncontent-length: 0\r\n\r\n".encode())
        self.transport.close()
