"""Whoever a concern is about has left: its clocks go on, and it is not done with until somebody
where they went has said, by name, that they have it."""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor, the_system
from app.errors import Conflicting
from app.models.concerns import CONCERN_OPEN, Concern, ReceivingSideCreate
from app.models.people import Person, Presence
from app.models.tasks import TaskKind
from app.scope import everything
from app.services import lifecycle, tasks
from app.services.concerns.debriefs import falls_to
from app.services.concerns.moves import CONCERN
from app.services.concerns.whereabouts import has_left
from app.services.concerns.work import answers_at, may_decide, still_open
from app.services.escalation import Immediacy

DUE = TaskKind.receipt_due
WITHIN: Mapping[Immediacy, timedelta] = {
    Immediacy.now: timedelta(hours=1),
    Immediacy.this_session: timedelta(hours=4),
    Immediacy.within_24h: timedelta(hours=24),
    Immediacy.routine: timedelta(hours=24),
}
"""How long there is to reach somebody there: as long as to see a person here, a day at the most."""
MOST_AT_ONCE = 100


async def note_due(db: AsyncSession, prison_id: str) -> int:
    """Ask for a receipt of every open concern whose subject has left; and for none any more where
    they are back. Answers how many are asked for."""
    still = everything(Concern, prison_id).where(col(Concern.status).in_(CONCERN_OPEN))
    known = col(Concern.subject_person_id).is_not(None)
    left = still.where(known, col(Concern.subject_left_at).is_(None), has_left())
    back = still.where(
        col(Concern.subject_left_at).is_not(None),
        col(Concern.received_there_at).is_(None),
        known,
        ~has_left(),
    )
    asked = 0
    for concern in await db.scalars(_locked(left)):
        await ask(db, concern)
        asked += 1
    for concern in await db.scalars(_locked(back)):
        concern.subject_left_at = None
        await lifecycle.mark(db, CONCERN, concern, the_system(prison_id), "subject_is_back")
        await tasks.drop(db, concern, DUE)
    await db.flush()
    return asked


def _locked(found: Select[Concern]) -> Select[Concern]:
    return found.order_by(col(Concern.id)).limit(MOST_AT_ONCE).with_for_update(skip_locked=True)


async def ask(db: AsyncSession, concern: Concern) -> None:
    """Note that they have left, and have somebody reach the other side in time."""
    system = the_system(concern.prison_id)
    concern.subject_left_at, concern.not_left_reason = clock.now(), None
    await lifecycle.mark(db, CONCERN, concern, system, "subject_left")
    await tasks.open_task(
        db,
        concern.prison_id,
        DUE,
        thing=concern,  # which says about whom, to those who may know
        for_role=falls_to(concern),
        due_in=WITHIN[concern.immediacy],
        actor=system,
        told_at_once=True,
    )


async def receive(
    db: AsyncSession, actor: Actor, concern: Concern, body: ReceivingSideCreate
) -> None:
    """Record who has it where they went, or that they have not left. Raises Conflicting for the
    latter while the prison's own system says that they have."""
    still_open(concern)
    may_decide(concern, actor)
    when, said = answers_at(concern, body.at), body.disclosure
    concern.disclosure = concern.disclosure.stricter(said)
    if body.not_left_reason is not None:
        await _refuse_if_gone(db, concern)
        concern.subject_left_at, concern.not_left_reason = None, body.not_left_reason
        event, note = "not_left", body.not_left_reason
    else:
        concern.subject_left_at = concern.subject_left_at or when
        concern.receiving_side, concern.received_there_by = body.side, body.received_by
        concern.received_there_at = when
        event, note = "received_there", f"{body.received_by}, {body.side}"
    await lifecycle.mark(
        db, CONCERN, concern, actor, event, note=note, occurred_at=when, disclosure=said
    )
    await db.flush()
    await tasks.finish(db, concern, DUE, actor)


async def _refuse_if_gone(db: AsyncSession, concern: Concern) -> None:
    found = everything(Person, concern.prison_id).where(col(Person.id) == concern.subject_person_id)
    person = (await db.scalars(found)).one_or_none()
    if person is not None and person.presence is Presence.left:
        raise Conflicting("By the prison's own system they have left: name who has it there.")


async def forget(db: AsyncSession, concern: Concern) -> None:
    """It is about somebody else, or a duplicate: what was asked for of it is not."""
    concern.subject_left_at = concern.not_left_reason = None
    concern.receiving_side = concern.received_there_by = concern.received_there_at = None
    await tasks.drop(db, concern, DUE)
