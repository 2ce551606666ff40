"""Cursors of exports: how far a client has read, and under which pseudonyms.

A cursor holds the number below which every transaction had ended when the export was made. What is
written under that number or a later one comes with the next: what a slow writer commits afterwards,
too. Signed, and good for one client, prison, dataset and kind of export.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import orjson

from app import clock
from app.access import Actor
from app.errors import Invalid

SERIES_LASTS = timedelta(days=400)  # pseudonyms are not for ever: a year, and time to be late


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where an export ended, and the series that it is of."""

    series: UUID
    began: date
    xid: int
    numbered_by: str
    dataset: str
    named: bool

    def spelt(self, actor: Actor, secret: bytes) -> str:
        place = [str(self.series), str(self.began), self.xid, self.numbered_by]
        payload = orjson.dumps([*place, self.dataset, self.named])
        signed = _sign(secret, actor, payload) + payload
        return base64.urlsafe_b64encode(signed).rstrip(b"=").decode()

    @classmethod
    def read(cls, told: str, field: str, actor: Actor, secret: bytes, *, named: bool) -> "Cursor":
        """The cursor that was told; Invalid, naming the field, if it is not this client's of this
        prison, or too old."""
        try:
            raw = base64.urlsafe_b64decode(told + "=" * (-len(told) % 4))
        except ValueError:
            raw = b""
        signature, payload = raw[:16], raw[16:]
        if not hmac.compare_digest(signature, _sign(secret, actor, payload)):
            raise Invalid.field(field, "cursor", "this cursor is not one of yours in this prison")
        series, began, xid, numbered_by, dataset, of_names = orjson.loads(payload)
        if of_names is not named:
            raise Invalid.field(
                field, "cursor", "exports with names and those without are never of one series"
            )
        found = cls(UUID(series), date.fromisoformat(began), xid, numbered_by, dataset, of_names)
        if clock.now() - datetime.combine(found.began, datetime.min.time(), UTC) > SERIES_LASTS:
            raise Invalid.field(field, "too_old", "its pseudonyms have run out: begin anew")
        return found


def _sign(secret: bytes, actor: Actor, payload: bytes) -> bytes:
    bound = f"export cursor\0{actor.prison_id}\0{actor.subject}\0".encode()
    return hmac.new(secret, bound + payload, hashlib.sha256).digest()[:16]
