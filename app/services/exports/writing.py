"""Exports as they are written: streamed from one snapshot, and in the audit with rows and hash."""

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from app.access import Actor
from app.db import Database
from app.models.audit import AuditAct
from app.models.exports import ExportCompression, ExportFormat
from app.services import audit, outbox
from app.services.exports.columns import columns_of
from app.services.exports.compressing import compressed
from app.services.exports.copying import Copied, copied
from app.services.exports.datasets import DATASETS
from app.services.exports.parquet import as_parquet
from app.services.exports.pseudonyms import Pseudonyms
from app.services.exports.statement import statement
from app.services.exports.wanted import Told, Wanted

OPERATION = "export_written"
BROKEN_OFF = "broken_off"


async def written(
    db: Database, actor: Actor, wanted: Wanted, secret: bytes, told: Told
) -> AsyncGenerator[bytes, None]:
    """The bytes of an export, in pieces; the first is empty, and with it `told` has the cursor.

    Close it (`aclosing`) when you stop: so the connection ends. The audit has its rows and hash
    before the last piece, and what had left where it was broken off.
    """
    digest = hashlib.sha256()
    said = Copied()
    told.export_id = wanted.export_id
    last = b""
    try:
        async with aclosing(_bytes(db, actor, wanted, secret, said)) as pieces:
            async for piece in pieces:
                if told.cursor is None:
                    told.pid = said.pid
                    cursor = wanted.cursor(said.xmin, said.numbered_by)
                    told.cursor = cursor.spelt(actor, secret)
                    yield b""
                if last:
                    digest.update(last)
                    told.size += len(last)
                    yield last
                last = piece
        digest.update(last)
        told.size += len(last)
        told.rows, told.whole = said.rows, True
    finally:
        told.sha256 = digest.hexdigest()
        await _tell(db, actor, wanted, told)
    yield last


async def _bytes(
    db: Database, actor: Actor, wanted: Wanted, secret: bytes, said: Copied
) -> AsyncGenerator[bytes, None]:
    """One format's bytes, compressed if asked for."""
    pseudonyms = Pseudonyms(secret, wanted.series_id)
    made = statement(actor.prison_id, wanted, pseudonyms)
    async with aclosing(copied(db, actor.prison_id, wanted.format, made, said)) as text:
        pieces: AsyncIterator[bytes] = text
        yield await anext(text)
        if wanted.format is ExportFormat.parquet:
            columns = columns_of(DATASETS[wanted.dataset], wanted.identifiable)
            pieces = as_parquet(text, columns, wanted.compression)
        elif wanted.compression is not ExportCompression.none:
            pieces = compressed(text, wanted.compression)
        async for piece in pieces:
            yield piece


async def _tell(db: Database, actor: Actor, wanted: Wanted, told: Told) -> None:
    """Keep in the audit what left, and say so."""
    async with db.write(actor.prison_id) as session:
        entry = audit.entry(
            actor.prison_id,
            AuditAct.read,
            OPERATION,
            actor=actor,
            code=None if told.whole else BROKEN_OFF,
            ids=[wanted.export_id],
            rows=told.rows if told.whole else None,
            sha256=told.sha256,
        )
        await audit.append(session, entry)
        outbox.say(
            session,
            actor.prison_id,
            "export.made" if told.whole else "export.broken_off",
            wanted.export_id,
            dataset=wanted.dataset,
            rows=told.rows,
            sha256=told.sha256,
        )
