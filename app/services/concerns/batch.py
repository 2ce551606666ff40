"""Concerns raised together, each by itself: a mistake in one keeps no other from being saved."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor
from app.errors import NOT_SAVED, FieldError, Refused, field_errors
from app.models.concerns import (
    BatchError,
    BatchOutcome,
    ConcernBatchItem,
    ConcernBatchRead,
    ConcernBatchResult,
    ConcernCreate,
    ConcernRaised,
    ImmediacySaid,
)
from app.models.operations import IdempotencyKey
from app.services import concerns
from app.services.escalation import WHEN_MISSING
from app.services.idempotency import claim

KEY = re.compile(r"[ -~]{1,200}")
_SAID = {each.value for each in ImmediacySaid}


@dataclass(frozen=True, slots=True)
class Written:
    """An item that can be read, and its place in what was sent."""

    index: int
    item: ConcernBatchItem

    @property
    def digest(self) -> bytes:
        """The same for the same words, however they were spaced on the way."""
        sent = orjson.dumps(self.item.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(b"concerns/batch\n" + sent).digest()


async def raise_all(db: AsyncSession, actor: Actor, items: Sequence[Any]) -> ConcernBatchRead:
    """Save every item that can be saved. Keys are taken in their order, so that two batches that
    hold the same ones wait for each other and never in a circle."""
    results: list[ConcernBatchResult] = []
    readable: list[Written] = []
    for index, sent in enumerate(items):
        try:
            readable.append(Written(index, ConcernBatchItem.model_validate(sent)))
        except ValidationError as error:
            results.append(_not_saved(index, _key_of(sent), field_errors(error.errors())))
    for written in sorted(readable, key=lambda each: (each.item.key, each.index)):
        results.append(await _one(db, actor, written))
    results.sort(key=lambda each: each.index)
    lost = sum(each.outcome is BatchOutcome.not_saved for each in results)
    return ConcernBatchRead(saved=len(results) - lost, not_saved=lost, results=results)


async def _one(db: AsyncSession, actor: Actor, written: Written) -> ConcernBatchResult:
    """One item, in a savepoint of its own: what is refused leaves nothing behind, nor its key."""
    index, key = written.index, written.item.key
    try:
        async with db.begin_nested():
            row, mine = await claim(db, actor.prison_id, actor.subject, key, written.digest)
            if mine:
                return await _new(db, actor, written, row)
            return await _again(db, actor, written, row)
    except Refused as refused:
        return _not_saved(index, key, refused.errors, refused.detail)


async def _new(
    db: AsyncSession, actor: Actor, written: Written, row: IdempotencyKey
) -> ConcernBatchResult:
    body, warnings = _read(written.item)
    concern, more = await concerns.raise_concern(db, actor, body, as_said=written.item.immediacy)
    answer = concerns.receipt(concern, [*warnings, *more])
    row.thing_id, row.status = concern.id, 201
    row.headers = {"location": f"concerns/{concern.id}"}
    row.body = answer.model_dump_json().encode()
    await db.flush()
    return _saved(written, BatchOutcome.saved, concern.id, answer)


async def _again(
    db: AsyncSession, actor: Actor, written: Written, row: IdempotencyKey
) -> ConcernBatchResult:
    """The key was used: for this very item, or for other words, which are kept."""
    if row.request_hash == written.digest and row.body is not None and row.thing_id is not None:
        answer = ConcernRaised.model_validate_json(row.body)
        return _saved(written, BatchOutcome.saved_before, row.thing_id, answer)
    body, warnings = _read(written.item)
    kept = await concerns.keep_reused(
        db, actor, row.thing_id or row.id, body, as_said=written.item.immediacy
    )
    answer = concerns.receipt(kept.concern, [*warnings, *kept.warnings])
    return _saved(written, BatchOutcome(kept.how), kept.concern.id, answer)


def _read(item: ConcernBatchItem) -> tuple[ConcernCreate, list[str]]:
    """The concern that an item tells of, and what is to be said about how soon it says."""
    known = item.immediacy if item.immediacy in _SAID else None
    fields = item.model_dump(exclude={"key", "immediacy"})
    warnings = []
    if item.immediacy is not None and known is None:
        told = f"How soon is kept as it was said, and taken for {WHEN_MISSING.value}."
        warnings.append(told)
    return ConcernCreate.model_validate({**fields, "immediacy": known}), warnings


def _saved(
    written: Written, outcome: BatchOutcome, concern_id: UUID, answer: ConcernRaised
) -> ConcernBatchResult:
    return ConcernBatchResult(
        index=written.index,
        key=written.item.key,
        outcome=outcome,
        concern_id=concern_id,
        concern=answer,
        detail=answer.tell,
    )


def _not_saved(
    index: int, key: str | None, errors: Sequence[FieldError], detail: str = ""
) -> ConcernBatchResult:
    said = detail or "; ".join(f"{each.field}: {each.message}" for each in errors)
    return ConcernBatchResult(
        index=index,
        key=key,
        outcome=BatchOutcome.not_saved,
        concern_id=None,
        concern=None,
        detail=f"{NOT_SAVED}. {_sayable(said)}",
        errors=[
            BatchError(field=_sayable(each.field), code=each.code, message=_sayable(each.message))
            for each in errors
        ],
    )


def _sayable(text: str) -> str:
    """Without halves of signs, which no answer can hold: one of them would lose all the others."""
    return text.encode("utf-8", "replace").decode()


def _key_of(sent: Any) -> str | None:
    """The key of an item that cannot be read, if it has one that can."""
    key = sent.get("key") if isinstance(sent, dict) else None
    return key if isinstance(key, str) and KEY.fullmatch(key) else None
