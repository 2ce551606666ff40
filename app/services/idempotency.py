"""Idempotency keys: who sends the same again is answered the same."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.base import new_id
from app.models.operations import IdempotencyKey


async def claim(
    db: AsyncSession, prison_id: str, subject: str, key: str, digest: bytes
) -> tuple[IdempotencyKey, bool]:
    """Claim the key, or wait for whoever holds it: the row, and whether it is new."""
    mine = new_id()
    values = {
        "prison_id": prison_id, "id": mine, "subject": subject, "key": key,
        "request_hash": digest,
    }  # fmt: skip
    statement = insert(IdempotencyKey).values(values).on_conflict_do_nothing()
    await db.execute(statement)
    found = select(IdempotencyKey).where(
        col(IdempotencyKey.prison_id) == prison_id,
        col(IdempotencyKey.subject) == subject,
        col(IdempotencyKey.key) == key,
    )
    row = (await db.execute(found)).scalar_one()
    return row, row.id == mine
