"""Pseudonyms: keyed, and the key is of one series of exports only: two cannot be laid side by side.

A series is one export, and those that continue it or are asked for beside it by its cursor. The
same pseudonym is made here and in SQL (`SQL`), where a million of them cost a second.
"""

import hashlib
import hmac
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_BLOCK = 64
# HMAC-SHA256 as RFC 2104 spells it, of the two pads of one key: PostgreSQL has sha256 by itself.
SQL = (
    "'x' || encode(substr(sha256({outer} || sha256({inner} || uuid_send({value}))), 1, 12), 'hex')"
)


class Pseudonyms:
    """The pseudonyms of one series: HMAC-SHA256 under a key of its own (HKDF, RFC 5869)."""

    def __init__(self, secret: bytes, series: UUID) -> None:
        info = b"wellwing export pseudonyms"
        self._key = HKDF(SHA256(), 32, salt=series.bytes, info=info).derive(secret)

    def of(self, row_id: UUID) -> str:
        """The pseudonym of a person in the episodes."""
        return hmac.new(self._key, row_id.bytes, hashlib.sha256).hexdigest()[:24]

    def told(self, row_id: UUID) -> str:
        """The pseudonym of a person or a record in a dataset, as SQL makes it. The letter keeps a
        spreadsheet from taking digits for a number."""
        return f"x{self.of(row_id)}"

    def pads(self) -> tuple[bytes, bytes]:
        """The inner and the outer pad of the key."""
        key = self._key.ljust(_BLOCK, b"\0")
        return bytes(each ^ 0x36 for each in key), bytes(each ^ 0x5C for each in key)
