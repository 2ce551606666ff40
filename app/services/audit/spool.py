"""The spool: entries the database would not take, synced to disk, so that no look goes unrecorded.

Each file is one batch of lines. Whoever can reach the database again empties it. The disk may be
the database's own, and full when the database is: a reserve of files is written beforehand, and a
batch that must not wait is written over one of them, which takes no new block.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import orjson

from app import clock
from app.models.base import new_id
from app.services.audit import Entry

RESERVE_FILES = 64
RESERVE_BYTES = 16 * 1024  # room for the ids of a whole page
_ABANDONED_SECONDS = 60.0  # no file takes that long to write: whoever began it is dead


class Spool:
    """A folder of batches. Every process has the same one; a batch belongs to who claims it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, entries: list[Entry], *, from_reserve: bool = False) -> None:
        """Write the entries down and sync them. Blocks; when it returns they are on disk.

        `from_reserve`: where the disk is full, use up a file of the reserve.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lines = b"".join(orjson.dumps(each, default=str) + b"\n" for each in entries)
        batch = self.folder / f"{new_id()}.jsonl"
        try:
            _write(batch, lines)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT) or not from_reserve:
                raise
            self._write_over_reserve(batch, lines, error)
        _sync_names(self.folder)

    def _write_over_reserve(self, batch: Path, lines: bytes, full: OSError) -> None:
        """Take a file of the reserve for the batch; raises `full` where none is left or it is too
        small. A file belongs to who renames it."""
        draft = batch.with_suffix(".draft")
        for each in self.folder.glob("*.zeros") if len(lines) <= RESERVE_BYTES else ():
            try:
                each.rename(draft)
            except FileNotFoundError:  # another process was faster
                continue
            with open(draft, "r+b") as file:
                file.write(lines)
                file.flush()
                os.fsync(file.fileno())  # over its own blocks, before they are given back
                file.truncate()
                os.fsync(file.fileno())
            draft.rename(batch)
            return
        raise full

    def restock(self) -> None:
        """Fill the reserve up, as far as there is room, and clear away what a dead process began.
        Blocks."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for draft in self.folder.glob("*.draft"):
            with suppress(FileNotFoundError):
                began = draft.stat().st_ctime  # of the rename, where it was taken from the reserve
                if clock.real_now().timestamp() - began > _ABANDONED_SECONDS:
                    draft.unlink()
        missing = RESERVE_FILES - sum(1 for _ in self.folder.glob("*.zeros"))
        for _ in range(missing):
            _write(self.folder / f"{new_id()}.zeros", bytes(RESERVE_BYTES))
        if missing > 0:
            _sync_names(self.folder)

    def holds_any(self) -> bool:
        return next(self.folder.glob("*.jsonl"), None) is not None

    def batches(self) -> Iterator[tuple[Path, list[Entry]]]:
        """Every batch, oldest first. `forget` each once the database has it."""
        for path in sorted(self.folder.glob("*.jsonl")):
            with suppress(FileNotFoundError):  # another process was faster
                yield path, [orjson.loads(line) for line in path.read_bytes().splitlines()]

    @staticmethod
    def forget(path: Path) -> None:
        path.unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    """Write a file whole, synced, or leave nothing of it."""
    draft = path.with_suffix(".draft")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:  # a full disk
        draft.unlink(missing_ok=True)
        raise
    draft.rename(path)


def _sync_names(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
