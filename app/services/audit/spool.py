"""The spool: entries the database would not take, synced to disk, so that no look goes unrecorded.

Each file is one batch of lines. Whoever can reach the database again empties it.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import orjson

from app.models.base import new_id
from app.services.audit import Entry


class Spool:
    """A folder of batches. Every process has the same one; a batch belongs to who claims it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, entries: list[Entry]) -> None:
        """Write the entries down and sync them. Blocks; when it returns they are on disk."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lines = b"".join(orjson.dumps(each, default=str) + b"\n" for each in entries)
        draft = self.folder / f"{new_id()}.draft"
        try:
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(lines)
                file.flush()
                os.fsync(file.fileno())
        except OSError:  # a full disk
            draft.unlink(missing_ok=True)
            raise
        draft.rename(draft.with_suffix(".jsonl"))
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)  # the name, too
        finally:
            os.close(folder)

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
