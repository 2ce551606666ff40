"""Answers that are a large file, or a part of one: Range, If-Range and HEAD, as RFC 9110 has them.

A reader who takes nothing is let go: nobody holds a file open by not reading it.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.errors import RangeUnmet

PATIENCE_SECONDS = 60.0
_ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Part:
    """From which byte to which, both included, of how many."""

    first: int
    last: int
    size: int

    @property
    def whole(self) -> bool:
        return self.last - self.first + 1 == self.size

    @property
    def length(self) -> int:
        return self.last - self.first + 1


def part_of(size: int, tag: str, asked: str | None, unless: str | None) -> Part | None:
    """What of a file of `size` bytes is asked for by Range; None: all of it.

    So it is where the file has changed since (If-Range), or several parts are asked for, or the
    header is none that is understood. Raises RangeUnmet for a part that begins behind the end.
    """
    found = _ONE_RANGE.fullmatch((asked or "").replace(" ", ""))
    if found is None or not any(found.groups()) or (unless is not None and unless.strip() != tag):
        return None
    first, last = found.groups()
    if not first:
        part = Part(max(0, size - int(last)), size - 1, size)
    else:
        part = Part(int(first), min(int(last or size), size - 1), size)
        if last and int(last) < int(first):
            return None
    if part.first >= size:
        raise RangeUnmet(headers={"Content-Range": f"bytes */{size}"})
    return part


class FilePart(Response):
    """A file, or a part of it; of a HEAD request the headers alone."""

    def __init__(
        self,
        size: int,
        tag: str,
        part: Part | None,
        read: Callable[[int, int], AsyncIterator[bytes]] | None,
        *,
        media_type: str,
        name: str,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        super().__init__(status_code=206 if part else 200, media_type=media_type)
        self._part = part or Part(0, size - 1, size)
        self._read, self._patience = read, patience
        self.headers.update(
            {
                "Content-Length": str(self._part.length),
                "ETag": tag,
                "Accept-Ranges": "bytes",
                "Cache-Control": "no-store, no-transform",
                "Content-Disposition": f'attachment; filename="{name}"',
            }
        )
        if part:
            self.headers["Content-Range"] = f"bytes {part.first}-{part.last}/{size}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = {"status": self.status_code, "headers": self.raw_headers}
        await send({"type": "http.response.start", **head})
        if self._read is None or not self._part.length:
            await send({"type": "http.response.body", "body": b""})
            return
        pieces = self._read(self._part.first, self._part.last)
        try:
            async for piece in pieces:
                async with asyncio.timeout(self._patience):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
        except (TimeoutError, OSError):
            return  # the answer is cut short, which its length tells
        finally:
            await pieces.aclose()  # type: ignore[attr-defined]
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def declared(media: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    """The answers of an operation that gives a file in parts."""
    headers = {
        "ETag": "The SHA-256 of the whole file, in quotes.",
        "Accept-Ranges": "`bytes`: ask for what is missing with Range.",
    }
    told = {
        name: {"schema": {"type": "string"}, "description": words}
        for name, words in headers.items()
    }
    where = {"schema": {"type": "string"}, "description": "Which bytes these are, and of how many."}
    return {
        200: {"description": "The whole file.", "headers": told, "content": media},
        206: {
            "description": "The part that Range asked for.",
            "headers": {**told, "Content-Range": where},
            "content": media,
        },
    }
