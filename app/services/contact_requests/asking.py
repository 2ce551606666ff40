"""Asking for a mentor, and putting it to those on duty, one after the other."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor, the_system
from app.errors import Invalid, NotAMentee, NotFound, NotHere
from app.models.contact_requests import (
    ContactOffer,
    ContactRequest,
    ContactRequestCreate,
    ContactStatus,
)
from app.models.mentees import MENTEE_ENDED, Mentee
from app.models.mentors import Mentor
from app.models.people import Person, Presence
from app.models.prisons import Prison
from app.models.sessions import ClashKind, SessionKind
from app.models.staff import Role, StaffRole
from app.models.tasks import TaskKind
from app.scope import everything, referred, visible
from app.services import lifecycle, on_duty, tasks
from app.services.contact_requests.moves import CONTACT
from app.services.scheduling import Clash, Plan, clashes
from app.services.sessions.booking import note_asked
from app.services.sessions.facts import load_facts

ENTERED_WITHIN = timedelta(days=1)
A_VISIT = timedelta(hours=1)  # what a call is reckoned with before it is over
NO_MATTER = frozenset({ClashKind.in_the_past, ClashKind.mentee_not_engaged, ClashKind.shift})
"""It begins this instant; who is not in support yet may ask for somebody to talk to; and whoever
serves is there to be asked."""


async def ask(db: AsyncSession, actor: Actor, body: ContactRequestCreate) -> ContactRequest:
    """Take a request and put it to whoever on duty comes next. A second open one of a mentee is
    refused by the database."""
    prison = await db.get_one(Prison, actor.prison_id)
    mentee = await _who_asks(db, actor, body)
    asked_at = _asked_at(actor, body)
    request = ContactRequest(
        prison_id=actor.prison_id,
        mentee_id=mentee.id,
        asked_at=asked_at,
        recorded_by=actor.subject,
    )
    await lifecycle.begin(db, CONTACT, request, actor, occurred_at=asked_at)
    await tasks.open_task(
        db,
        actor.prison_id,
        TaskKind.contact_request_due,
        thing=request,
        person_id=mentee.person_id,
        for_role=StaffRole.wing_duty,
        due_in=timedelta(minutes=prison.contact_look_minutes),
        actor=actor,
        told_at_once=actor.role is not Role.wing_duty,
    )
    await offer_next(db, request)
    return request


async def _who_asks(db: AsyncSession, actor: Actor, body: ContactRequestCreate) -> Mentee:
    """The live mentee who asks. Raises NotAMentee, NotHere; Invalid or NotFound for another."""
    prisoner = actor.family is Role.mentor
    if prisoner:
        found = everything(Mentee, actor.prison_id).where(col(Mentee.person_id) == actor.person_id)
    elif body.mentee_id is None:
        raise Invalid.field("mentee_id", "missing", "say who asks")
    else:
        found = visible(Mentee, actor).where(col(Mentee.id) == body.mentee_id)
    live = found.where(col(Mentee.status).not_in(MENTEE_ENDED)).with_for_update(read=True)
    mentee = (await db.execute(live)).scalar_one_or_none()
    if prisoner and body.mentee_id is not None and (mentee is None or mentee.id != body.mentee_id):
        raise NotFound()
    if mentee is None:
        raise NotAMentee()
    person = await referred(db, Person, actor.prison_id, mentee.person_id, "mentee_id")
    if person.presence is not Presence.here:
        raise NotHere()
    return mentee


def _asked_at(actor: Actor, body: ContactRequestCreate) -> datetime:
    now, said = clock.now(), body.occurred_at
    if said is None:
        return now
    if actor.family is Role.mentor:
        raise Invalid.field("occurred_at", "not_yours", "is now, where you ask for yourself")
    if not now - ENTERED_WITHIN <= said <= now:
        message = "must be within the last day, and not in the future"
        raise Invalid.field("occurred_at", "in_order", message)
    return said


async def offer_next(db: AsyncSession, request: ContactRequest) -> None:
    """Put it to the next on duty who was not asked yet and with whom nothing would be refused.
    Where there is nobody, an officer is told now."""
    asked = everything(ContactOffer, request.prison_id).where(
        col(ContactOffer.contact_request_id) == request.id
    )
    passed = set((await db.scalars(asked.with_only_columns(col(ContactOffer.mentor_id)))).all())
    passed |= await _themselves(db, request)
    for mentor_id in await _in_turn(db, request):
        if mentor_id not in passed and not await warnings_of(db, request, mentor_id):
            await offer(db, request, mentor_id, the_system(request.prison_id))
            return
    await tasks.reschedule(db, request, TaskKind.contact_request_due, clock.now())


async def _themselves(db: AsyncSession, request: ContactRequest) -> set[UUID]:
    """Who asks may be a mentor too: nobody comes to themselves."""
    mentee = await referred(db, Mentee, request.prison_id, request.mentee_id, "mentee_id")
    mine = everything(Mentor, request.prison_id).where(col(Mentor.person_id) == mentee.person_id)
    return set((await db.scalars(mine.with_only_columns(col(Mentor.id)))).all())


async def _in_turn(db: AsyncSession, request: ContactRequest) -> Sequence[UUID]:
    """The mentors on duty now: on shift before on call, one's own before others."""
    serving = await on_duty.serving(db, request.prison_id, clock.now())
    own = await on_duty.own_mentors(db, request.prison_id, request.mentee_id)
    order = sorted(
        serving, key=lambda each: (each.stand_by, each.mentor_id not in own, each.starts_at)
    )
    return list(dict.fromkeys(each.mentor_id for each in order))


async def warnings_of(
    db: AsyncSession,
    request: ContactRequest,
    mentor_id: UUID,
    room_id: UUID | None = None,
    *,
    asker: UUID | None = None,
    at: datetime | None = None,
) -> list[Clash]:
    """Why a plan of the two for now, or for then, would be refused; `asker`, of staff, as far as
    they may know. The audit keeps of whom it was told."""
    now = at or clock.now()
    plan = Plan(
        kind=SessionKind.night_callout,
        starts_at=now,
        ends_at=now + A_VISIT,
        room_id=room_id,
        mentor_id=mentor_id,
        mentee_ids=(request.mentee_id,),
    )
    found = clashes(plan, await load_facts(db, request.prison_id, plan, asker=asker))
    if found and asker is not None:
        note_asked(db, plan)
    return [clash for clash in found if clash.kind not in NO_MATTER]


async def offer(
    db: AsyncSession, request: ContactRequest, mentor_id: UUID, actor: Actor
) -> ContactOffer:
    """Put the request to a mentor, who is to answer in time. Whoever leaves work in this instant
    is waited for, or waits."""
    held = everything(Mentor, request.prison_id).where(col(Mentor.id) == mentor_id)
    await db.execute(held.with_only_columns(col(Mentor.id)).with_for_update(read=True))
    now, prison = clock.now(), await db.get_one(Prison, request.prison_id)
    made = ContactOffer(
        prison_id=request.prison_id,
        contact_request_id=request.id,
        mentor_id=mentor_id,
        offered_at=now,
        answer_by=now + timedelta(minutes=prison.contact_answer_minutes),
    )
    db.add(made)
    request.mentor_id = mentor_id
    system = the_system(request.prison_id)
    await lifecycle.move(db, CONTACT, request, to=ContactStatus.offered, actor=system)
    return made
