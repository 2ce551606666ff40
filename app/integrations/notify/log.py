"""A page as a log line and, where the site names a file, as a line in it, synced to disk."""

import asyncio
import errno
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orjson
import structlog

from app import clock
from app.integrations.notify import PageMessage

log = structlog.get_logger(__name__)


class LogChannel:
    """Writes each page to the log; with `path` also to a file outside the database, fsynced."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        # its own: the threads that all share may wait for a name that nobody answers for
        self._thread = ThreadPoolExecutor(1, "page-file")

    async def send(self, page: PageMessage) -> None:
        # a page is never filtered by a level: it is the channel, not a remark
        log.critical("page", id=str(page.id), prison_id=page.prison_id, to=page.to, text=page.text)
        if self.path is not None:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._thread, self._append, page)

    def _append(self, page: PageMessage) -> None:
        line = orjson.dumps(
            {
                "id": str(page.id),
                "prison_id": page.prison_id,
                "to": page.to,
                "text": page.text,
                "at": clock.spell(clock.real_now()),
            }
        )
        assert self.path is not None
        descriptor = os.open(self.path, os.O_APPEND | os.O_CREAT | os.O_RDWR, 0o600)
        try:
            end = os.fstat(descriptor).st_size
            if end and os.pread(descriptor, 1, end - 1) != b"\n":
                line = b"\n" + line  # a full disk took half a line: this one does not go on from it
            line += b"\n"
            if os.write(descriptor, line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
