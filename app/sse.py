"""Server-sent events over HTTP: an answer that goes on until its reader or the service ends it.

Nothing on the way may hold it back or change it, and a connection in which nothing happens is kept
alive by comments. A reader who takes nothing is let go.
"""

import asyncio
from pathlib import Path
from typing import Any

from sqlmodel import SQLModel
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.models.streams import StreamEnd, StreamEvent, StreamReady, StreamReset
from app.services.streams import Stream, Streams
from app.services.streams.stream import Ending

MEDIA = "text/event-stream"
_DATA = (
    '{"id":"0198c0de-0000-7000-8000-000000000009","type":"concern.raised","thing":"concerns",'
    '"thing_id":"0198c0de-0000-7000-8000-000000000004","prison_id":"SLI",'
    '"time":"2026-11-22T03:00:00+00:00"}'
)
_READY = """retry: 3412
id: 0198c0de-0000-7000-8000-000000000001
event: ready
data: {"heartbeat_seconds":15.0}

"""
_EXAMPLES = {
    "events": (
        "It opens, something happens, and nothing for a while",
        f"{_READY}id: 0198c0de-0000-7000-8000-000000000009\ndata: {_DATA}\n\n: heartbeat\n\n",
    ),
    "overtaken": (
        "An event that overtook a slow writer has no number of the stream's until its mark",
        f"{_READY}data: {_DATA}\n\n"
        "id: 0198c0de-0000-7000-8000-000000000009\nevent: mark\ndata: {}\n\n",
    ),
    "reset": (
        "What the reader had last is not known any more",
        f'{_READY}event: reset\ndata: {{"reason":"unknown_event"}}\n\n',
    ),
    "end": ("The service stops", f'{_READY}event: end\ndata: {{"reason":"closing"}}\n\n'),
}
MESSAGES: dict[str, type[SQLModel]] = {
    "message": StreamEvent,
    "ready": StreamReady,
    "reset": StreamReset,
    "end": StreamEnd,
}
"""What stands in the data of each message, by its name. That of `mark` is empty."""
DECLARED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The stream. Plain messages are events; `ready` tells that it is open,"
        " `mark` a number that an event had not yet when it came, `reset` that the last event you"
        " had is not known any more, `end` why it ends.",
        "content": {
            MEDIA: {
                "schema": {
                    "type": "string",
                    "x-messages": {
                        name: {"$ref": f"#/components/schemas/{model.__name__}"}
                        for name, model in MESSAGES.items()
                    },
                },
                "examples": {
                    name: {"summary": summary, "value": value}
                    for name, (summary, value) in _EXAMPLES.items()
                },
            }
        },
    }
}
RECIPE = (Path(__file__).parent / "reference" / "follow.js").read_text()
"""How a page in a browser follows a stream, for as long as it may."""
HEADERS = {
    "Cache-Control": "no-store, no-transform",  # no proxy compresses it, and so waits for more
    "X-Accel-Buffering": "no",  # nor does nginx gather it
}


class EventStream(Response):
    """The answer of a stream: fed for as long as it is being written."""

    media_type = MEDIA

    def __init__(self, streams: Streams, stream: Stream) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._streams, self._stream = streams, stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._streams.enter(self._stream)
        try:
            head = {"status": self.status_code, "headers": self.raw_headers}
            await send({"type": "http.response.start", **head})
            writing = asyncio.create_task(self._write(send))
            leaving = asyncio.create_task(_disconnected(receive))
            try:
                await asyncio.wait({writing, leaving}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                writing.cancel()
                leaving.cancel()
                await asyncio.gather(writing, leaving, return_exceptions=True)
        finally:
            self._streams.leave(self._stream)

    async def _write(self, send: Send) -> None:
        body = {"type": "http.response.body"}
        try:
            while (chunk := await self._stream.take()) is not None:
                async with asyncio.timeout(self._streams.patience):
                    await send({**body, "body": chunk, "more_body": True})
        except TimeoutError:
            self._stream.end(Ending.too_slow)
            return
        await send({**body, "body": b"", "more_body": False})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
