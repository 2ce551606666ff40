"""Files made smaller on their way, a piece at a time."""

import asyncio
import zlib
from collections.abc import AsyncIterator
from typing import Any

import zstandard

from app.models.exports import ExportCompression

_GZIP = 16 + zlib.MAX_WBITS  # with the header and the checksum of a .gz


def _compressor(how: ExportCompression) -> Any:
    if how is ExportCompression.gzip:
        return zlib.compressobj(6, zlib.DEFLATED, _GZIP)
    return zstandard.ZstdCompressor(level=3).compressobj()


async def compressed(pieces: AsyncIterator[bytes], how: ExportCompression) -> AsyncIterator[bytes]:
    """The same, compressed. A piece from which nothing comes out yet is passed over."""
    made = _compressor(how)
    async for piece in pieces:
        if smaller := await asyncio.to_thread(made.compress, piece):
            yield smaller
    yield await asyncio.to_thread(made.flush)
