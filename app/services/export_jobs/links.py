"""Addresses that open one file for a quarter of an hour. Nothing of them is kept: the address says
when it was made and when it ends, under a signature that is of that file and for nothing else."""

import base64
import hashlib
import hmac
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app import clock
from app.models.export_jobs import ExportJob

LASTS = timedelta(minutes=15)
PATTERN = r"^[A-Za-z0-9_-]{64}$"
_TIMES = struct.Struct(">QQ")


@dataclass(frozen=True, slots=True)
class Link:
    """When it was made and until when it opens anything; in real time, as a token's."""

    made_at: datetime
    expires_at: datetime


def made(secret: bytes, job: ExportJob) -> tuple[str, Link]:
    """A new one: what stands in the address, and its times."""
    now = clock.real_now().replace(microsecond=0)
    link = Link(now, now + LASTS)
    times = _TIMES.pack(int(link.made_at.timestamp()), int(link.expires_at.timestamp()))
    return base64.urlsafe_b64encode(times + _signature(secret, job, times)).decode(), link


def opened(secret: bytes, job: ExportJob, said: str) -> Link | None:
    """The link, if it is one of this job's file and has not run out."""
    raw = base64.urlsafe_b64decode(said)
    times = raw[: _TIMES.size]
    if not hmac.compare_digest(raw[_TIMES.size :], _signature(secret, job, times)):
        return None
    made_at, expires_at = (datetime.fromtimestamp(each, UTC) for each in _TIMES.unpack(times))
    return Link(made_at, expires_at) if clock.real_now() < expires_at else None


def _signature(secret: bytes, job: ExportJob, times: bytes) -> bytes:
    key = HKDF(SHA256(), 32, salt=None, info=b"wellwing export link").derive(secret)
    said = f"{job.prison_id}/{job.id}/{job.sha256}/".encode() + times
    return hmac.new(key, said, hashlib.sha256).digest()
