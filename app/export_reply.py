"""An export over HTTP: an answer that is written as the database reads, as fast as it is taken.

It begins when the snapshot stands, so that its cursor can be told in a header, and ends without its
last piece when something breaks: what a client holds then is visibly no whole answer. Whoever goes
away, or takes nothing for a minute, is let go, and the connection to the database with them.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.access import Actor
from app.db import Database
from app.errors import Busy
from app.models.exports import ExportFormat
from app.services import exports
from app.services.exports import Told, Wanted

PATIENCE_SECONDS = 60.0
AT_ONCE = 4
MEDIA = {
    ExportFormat.csv: "text/csv; charset=utf-8; header=present",
    ExportFormat.ndjson: "application/x-ndjson",
    ExportFormat.parquet: "application/vnd.apache.parquet",
}
_EXAMPLES = {
    ExportFormat.csv: "mentor,pseudonym,age_band,status,commitment,applied_at,removed\n",
    ExportFormat.ndjson: '{"mentor":"x0f3c9a52d17be86644a1c0de","status":"active"}\n',
    ExportFormat.parquet: "PAR1",
}
_HEADERS = {
    "X-Export-ID": "Its id, by which the audit has its rows and its hash.",
    "X-Export-Cursor": "For `changed_since`, or for `same_as` of another dataset.",
}
DECLARED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The rows. What was cut off ends without the end of its last chunk.",
        "headers": {
            name: {"schema": {"type": "string"}, "description": words}
            for name, words in _HEADERS.items()
        },
        "content": {
            media.partition(";")[0]: {"schema": {"type": "string"}, "example": _EXAMPLES[of]}
            for of, media in MEDIA.items()
        },
    }
}


class ExportReply(Response):
    """The answer of an export."""

    patience = PATIENCE_SECONDS
    _open = 0

    def __init__(self, db: Database, actor: Actor, wanted: Wanted, secret: bytes) -> None:
        name = f'attachment; filename="{wanted.file_name}"'
        super().__init__(
            media_type=MEDIA[wanted.format],
            headers={"Content-Disposition": name, "X-Export-ID": str(wanted.export_id)},
        )
        del self.headers["content-length"]
        self._told = Told()
        self._db, self._actor, self._wanted, self._secret = db, actor, wanted, secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if ExportReply._open >= AT_ONCE:
            raise Busy("As many exports are being written as can be; try again.")
        ExportReply._open += 1
        writing = asyncio.create_task(self._write(send))
        leaving = asyncio.create_task(_disconnected(receive))
        try:
            await asyncio.wait({writing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            writing.cancel()
            leaving.cancel()
            await asyncio.gather(writing, leaving, return_exceptions=True)
            ExportReply._open -= 1
        if not writing.cancelled():
            writing.result()

    async def _write(self, send: Send) -> None:
        body = {"type": "http.response.body", "more_body": True}
        async with aclosing(self._pieces()) as pieces:
            await anext(pieces)
            self.headers["X-Export-Cursor"] = self._told.cursor or ""
            head = {"status": self.status_code, "headers": self.raw_headers}
            await send({"type": "http.response.start", **head})
            async for piece in pieces:
                async with asyncio.timeout(self.patience):
                    await send({**body, "body": piece})
        await send({**body, "body": b"", "more_body": False})

    def _pieces(self) -> AsyncGenerator[bytes, None]:
        return exports.written(self._db, self._actor, self._wanted, self._secret, self._told)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
