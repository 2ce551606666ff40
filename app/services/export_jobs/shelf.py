"""The folder of the files that jobs have written. Each is encrypted under a key of its own, in
pieces, so that any part of it is read without the rest; whoever has the disk alone has nothing."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.config import Settings

PIECE, TAG, SALT = 64 * 1024, 16, 16


class OverQuota(Exception):
    """The files of all jobs together would take more room than they are given."""


def _cipher(secret: bytes, salt: bytes, job_id: UUID) -> AESGCM:
    info = b"wellwing export file " + job_id.bytes
    return AESGCM(HKDF(SHA256(), 32, salt=salt, info=info).derive(secret))


def _nonce(piece: int) -> bytes:
    return piece.to_bytes(12, "big")  # the key is of one file, so a piece's number is enough


class Draft:
    """A file being written. Until it is finished nobody is offered it; closed unfinished, it is
    removed."""

    def __init__(self, path: Path, secret: bytes, job_id: UUID, room: int) -> None:
        self.bytes = 0
        self._room = room
        self._path = path
        self._waiting = bytearray()
        self._pieces = 0
        self._digest = hashlib.sha256()
        salt = os.urandom(SALT)
        self._cipher = _cipher(secret, salt, job_id)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file: BinaryIO = os.fdopen(descriptor, "wb", buffering=0)
        self._finished = False
        try:
            self._put(salt)
        except OSError:
            self.close()
            raise

    def write(self, data: bytes) -> None:
        """Raises OverQuota, or OSError where the disk is full."""
        self.bytes += len(data)
        if self.bytes > self._room:
            raise OverQuota()
        self._digest.update(data)
        self._waiting += data
        while len(self._waiting) >= PIECE:
            self._seal(bytes(self._waiting[:PIECE]))
            del self._waiting[:PIECE]

    def finish(self) -> str:
        """Have all of it on the disk. Answers its SHA-256."""
        if self._waiting:
            self._seal(bytes(self._waiting))
        os.fsync(self._file.fileno())
        self._finished = True
        return self._digest.hexdigest()

    def close(self) -> None:
        self._file.close()
        if not self._finished:
            self._path.unlink(missing_ok=True)

    def _seal(self, piece: bytes) -> None:
        self._put(self._cipher.encrypt(_nonce(self._pieces), piece, None))
        self._pieces += 1

    def _put(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            left = left[self._file.write(left) :]


class Shelf:
    """All files of this service. Those who write and those who read see the same folder."""

    def __init__(self, config: Settings) -> None:
        self.folder = config.export_folder
        self._secret = config.secret_key.get_secret_value().encode()
        self._most = config.export_megabytes * 1_000_000
        self.kept = timedelta(hours=config.export_hours)

    @staticmethod
    def name(job_id: UUID, attempt: int) -> str:
        return f"{job_id}.{attempt}"

    def path(self, prison_id: str, job_id: UUID, attempt: int) -> Path:
        return self.folder / prison_id / self.name(job_id, attempt)

    def draft(self, prison_id: str, job_id: UUID, attempt: int) -> Draft:
        """A new file, with what room is left for it. What an earlier attempt left is removed."""
        path = self.path(prison_id, job_id, attempt)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for old in path.parent.glob(f"{job_id}.*"):
            old.unlink(missing_ok=True)
        return Draft(path, self._secret, job_id, self._most - self.used())

    def used(self) -> int:
        """How many bytes all files take."""
        return sum(_size(each) for each in self.folder.glob("*/*"))

    def names(self, prison_id: str) -> set[str]:
        """What lies there of the prison."""
        return {each.name for each in (self.folder / prison_id).glob("*")}

    def remove(self, prison_id: str, names: Collection[str]) -> None:
        for name in names:
            (self.folder / prison_id / name).unlink(missing_ok=True)

    def whole(self, prison_id: str, job_id: UUID, attempt: int, size: int) -> bool:
        """Whether the file is there with all its bytes."""
        pieces = -(-size // PIECE)
        expected = SALT + size + pieces * TAG
        return _size(self.path(prison_id, job_id, attempt)) == expected

    def reader(
        self, prison_id: str, job_id: UUID, attempt: int
    ) -> Callable[[int, int], AsyncIterator[bytes]]:
        """What reads a file from one byte to another, both included, a piece at a time."""
        path = self.path(prison_id, job_id, attempt)

        async def read(first: int, last: int) -> AsyncIterator[bytes]:
            pieces = await asyncio.to_thread(Pieces, path, self._secret, job_id, first, last)
            try:
                while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
                    yield piece
            finally:
                pieces.close()

        return read


class Pieces(Iterator[bytes]):
    """A file's bytes, deciphered piece by piece."""

    def __init__(self, path: Path, secret: bytes, job_id: UUID, first: int, last: int) -> None:
        self._file = path.open("rb")
        self._cipher = _cipher(secret, self._file.read(SALT), job_id)
        self._at, self._last = first, last

    def __next__(self) -> bytes:
        if self._at > self._last:
            raise StopIteration
        number, skipped = divmod(self._at, PIECE)
        self._file.seek(SALT + number * (PIECE + TAG))
        piece = self._cipher.decrypt(_nonce(number), self._file.read(PIECE + TAG), None)
        part = piece[skipped : skipped + self._last - self._at + 1]
        self._at += len(part)
        return part

    def close(self) -> None:
        self._file.close()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
