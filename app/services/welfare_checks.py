"""Whom a lockdown leaves without their session, and why to look in on them: an open ACCT, an open
concern, a first session. Read again later with who has looked in. Nobody is told of a concern that
is kept from them, nor of a row that stands for nothing else."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Conflicting, Invalid, NotFound
from app.models.acct_pointers import AcctPointer, AcctStatus
from app.models.base import Output
from app.models.concerns import CONCERN_OPEN, Concern
from app.models.lockdowns import (
    Lockdown,
    LookedIn,
    WelfareCheck,
    WelfareCheckRead,
    WelfareReason,
)
from app.models.mentees import Mentee
from app.models.people import Person
from app.models.sessions import Participation, ParticipationStatus
from app.scope import everything, visible
from app.services import outbox


async def list_them(db: AsyncSession, lockdown: Lockdown, mentee_ids: Collection[UUID]) -> None:
    """Keep, of these mentees, those to look in on."""
    prison_id = lockdown.prison_id
    mentees = everything(Mentee, prison_id).where(col(Mentee.id).in_(mentee_ids))
    persons = {each.id: each.person_id for each in await db.scalars(mentees.order_by(Mentee.id))}  # type: ignore[arg-type]
    worrying = await _open_concerns(db, prison_id, persons.values())
    on_acct = await _on_acct(db, prison_id, persons.values())
    known = await _seen_before(db, prison_id, persons)
    for mentee_id, person_id in persons.items():
        check = WelfareCheck(
            prison_id=prison_id,
            lockdown_id=lockdown.id,
            mentee_id=mentee_id,
            open_acct=person_id in on_acct,
            first_session=mentee_id not in known,
            concern_ids=worrying.get(person_id, []),
        )
        if check.open_acct or check.first_session or check.concern_ids:
            db.add(check)
    await db.flush()


async def _open_concerns(
    db: AsyncSession, prison_id: str, people: Collection[UUID]
) -> dict[UUID, list[UUID]]:
    found = everything(Concern, prison_id).where(
        col(Concern.status).in_(CONCERN_OPEN), col(Concern.subject_person_id).in_(people)
    )
    columns = found.with_only_columns(col(Concern.subject_person_id), col(Concern.id))
    worrying: dict[Any, list[UUID]] = defaultdict(list)
    for person_id, concern_id in await db.execute(columns.order_by(col(Concern.id))):
        worrying[person_id].append(concern_id)
    return worrying


async def _on_acct(db: AsyncSession, prison_id: str, people: Collection[UUID]) -> set[UUID]:
    found = everything(AcctPointer, prison_id).where(
        col(AcctPointer.status) == AcctStatus.open, col(AcctPointer.person_id).in_(people)
    )
    return set(await db.scalars(found.with_only_columns(col(AcctPointer.person_id))))


async def _seen_before(db: AsyncSession, prison_id: str, mentees: Collection[UUID]) -> set[UUID]:
    """Of these mentees, those who attended a session before."""
    found = everything(Participation, prison_id).where(
        col(Participation.mentee_id).in_(mentees),
        col(Participation.status) == ParticipationStatus.attended,
    )
    return set(await db.scalars(found.with_only_columns(col(Participation.mentee_id))))


async def of_lockdown(
    db: AsyncSession, actor: Actor, lockdown: Lockdown, *, check_id: UUID | None = None
) -> list[WelfareCheckRead]:
    """Whom to look in on, by name, each with the reasons that this actor may know."""
    found: Any = (
        visible(WelfareCheck, actor)
        .where(col(WelfareCheck.lockdown_id) == lockdown.id)
        .join(
            Mentee,
            (col(Mentee.prison_id) == col(WelfareCheck.prison_id))
            & (col(Mentee.id) == col(WelfareCheck.mentee_id)),
        )
        .join(
            Person,
            (col(Person.prison_id) == col(Mentee.prison_id))
            & (col(Person.id) == col(Mentee.person_id)),
        )
        .add_columns(col(Person.display_name))
    )
    if check_id is not None:
        found = found.where(col(WelfareCheck.id) == check_id)
    in_order = found.order_by(col(Person.display_name), col(WelfareCheck.id))
    rows = (await db.execute(in_order)).all()
    ids = {each for check, _ in rows for each in check.concern_ids}
    known = visible(Concern, actor).where(col(Concern.id).in_(ids))
    may_know = set(await db.scalars(known.with_only_columns(col(Concern.id))))
    return [
        WelfareCheckRead.model_validate(
            {**check.model_dump(), "display_name": name, "reasons": _reasons(check, may_know)}
        )
        for check, name in rows
    ]


def _reasons(check: WelfareCheck, may_know: set[UUID]) -> list[WelfareReason]:
    stands = {
        WelfareReason.open_acct: check.open_acct,
        WelfareReason.open_concern: not may_know.isdisjoint(check.concern_ids),
        WelfareReason.first_session: check.first_session,
    }
    return [reason for reason, true in stands.items() if true]


async def mark(
    db: AsyncSession, actor: Actor, lockdown: Lockdown, check: WelfareCheck, body: LookedIn
) -> None:
    """Somebody has looked in on them, by word of who enters it. Raises NotFound for a check of
    another lockdown, Conflicting the second time, Invalid for the time."""
    if check.lockdown_id != lockdown.id:
        raise NotFound()
    if check.looked_in_at is not None:
        raise Conflicting("Somebody has looked in on them.")
    at = body.occurred_at or clock.now()
    if at > clock.now():
        raise Invalid.field("occurred_at", "in_the_future", "must not be in the future")
    if at < min(lockdown.starts_at, lockdown.recorded_at):
        raise Invalid.field("occurred_at", "too_early", "must not be before the lockdown")
    check.looked_in_at, check.looked_in_by = at, actor.subject
    await db.flush()
    outbox.say(db, check.prison_id, "welfare_check.looked_in", check.id)


async def shown(db: AsyncSession, actor: Actor, lockdown: Lockdown, check: WelfareCheck) -> Output:
    [found] = await of_lockdown(db, actor, lockdown, check_id=check.id)
    return found
