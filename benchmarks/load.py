"""A load of one GET over kept-alive connections, light enough not to be the bottleneck."""

import asyncio
import time
from dataclasses import dataclass
from urllib.parse import urlsplit


class _Asker(asyncio.Protocol):
    """Asks again as soon as it is answered."""

    def __init__(self, request: bytes, done: "asyncio.Future[None]") -> None:
        self.request, self.done = request, done
        self.answered, self.failed = 0, 0
        self._buffer = b""
        self._until = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def ask(self, until: float) -> None:
        self._until = until
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        lower = head.lower()
        at = lower.index(b"content-length:") + 15
        length = int(lower[at : lower.find(b"\r\n", at) if b"\r\n" in lower[at:] else None])
        if len(body) < length:
            return
        self._buffer = body[length:]
        self.answered += 1
        self.failed += not head.startswith(b"HTTP/1.1 200")
        if time.perf_counter() < self._until:
            self.transport.write(self.request)
        elif not self.done.done():
            self.done.set_result(None)


@dataclass(frozen=True)
class Load:
    """How one round went."""

    answered: int
    failed: int
    seconds: float

    @property
    def rps(self) -> float:
        return self.answered / self.seconds


async def ask(url: str, token: str, *, seconds: float, connections: int = 8) -> Load:
    """Ask `url` for `seconds` over `connections` connections."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    request = (
        f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {token}\r\n\r\n"
    ).encode()
    loop = asyncio.get_running_loop()
    askers: list[_Asker] = []
    for _ in range(connections):
        done: asyncio.Future[None] = loop.create_future()
        _, asker = await loop.create_connection(
            lambda done=done: _Asker(request, done),  # type: ignore[misc]
            parts.hostname,
            parts.port,
        )
        askers.append(asker)
    began = time.perf_counter()
    for asker in askers:
        asker.ask(began + seconds)
    await asyncio.gather(*[asker.done for asker in askers])
    took = time.perf_counter() - began
    for asker in askers:
        asker.transport.close()
    return Load(sum(a.answered for a in askers), sum(a.failed for a in askers), took)
