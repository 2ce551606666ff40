"""A place in a series is a part in every meeting of it that is to come."""

from dataclasses import replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.models.enrolments import Enrolment, EnrolmentStatus
from app.models.mentees import Mentee
from app.models.series import Series
from app.models.sessions import CancelReason, Participation, ParticipationStatus, Session
from app.scope import everything, referred
from app.services import lifecycle
from app.services.enrolments import reviews
from app.services.lifecycle import Context
from app.services.scheduling import Clash, Plan, clashes
from app.services.sessions.booking import note_asked, part_of, refusal
from app.services.sessions.facts import load_facts, take_locks
from app.services.sessions.meetings import meetings_of
from app.services.sessions.moves import COMING, PARTICIPATION, PLANNED, participations_of


async def to_come(db: AsyncSession, series: Series) -> list[tuple[int, Session]]:
    """The meetings that are still to come, with their numbers."""
    return [
        (each.number, session)
        for each, session in await meetings_of(db, series)
        if session.status in PLANNED and session.starts_at > clock.now()
    ]


async def parts_in(db: AsyncSession, series: Series, enrolment: Enrolment) -> list[Participation]:
    """The mentee's parts in the meetings that count."""
    meetings = [session.id for _, session in await meetings_of(db, series)]
    found = everything(Participation, series.prison_id).where(
        col(Participation.mentee_id) == enrolment.mentee_id,
        col(Participation.session_id).in_(meetings),
    )
    return list(await db.scalars(found.order_by(col(Participation.id))))


async def join(db: AsyncSession, context: Context) -> None:
    """Whoever takes a place comes to every meeting that is to come. One that clashes with
    something of theirs is left out, and staff are asked to look at it; where every one does, the
    place is refused."""
    enrolment: Enrolment = context.thing
    series: Series = context.facts.series
    known = {part.session_id: part for part in await parts_in(db, series, enrolment)}
    meetings = [
        (session, await _with(db, session, enrolment.mentee_id))
        for _, session in await to_come(db, series)
    ]
    await take_locks(db, series.prison_id, *(plan for _, plan in meetings))
    against: list[Clash] = []
    joined = 0
    for session, plan in meetings:
        part = known.get(session.id)
        coming = part is not None and part.status in COMING
        if not coming and (found := await _clashes(db, context.actor, session, plan)):
            note_asked(db, plan)
            against += found
            continue
        joined += 1
        status = ParticipationStatus.accepted
        if part is None:
            part = part_of(session, enrolment.mentee_id, status)
            await lifecycle.begin(db, PARTICIPATION, part, context.actor)
        elif not coming:
            await lifecycle.move(db, PARTICIPATION, part, to=status, actor=context.actor)
    if against and not joined:
        raise refusal([replace(each, field="to") for each in against], context.actor)
    if against:
        await reviews.ask(db, enrolment, await _mentee(db, enrolment))


async def all_join(db: AsyncSession, actor: Actor, series: Series, session: Session) -> None:
    """Whoever has a place in the series comes to one more meeting of it, in the order in which they
    took it; of whom it clashes with something, staff are asked to look at their place."""
    found = everything(Enrolment, series.prison_id).where(
        col(Enrolment.series_id) == series.id, col(Enrolment.status) == EnrolmentStatus.accepted
    )
    places = (await db.scalars(found.order_by(col(Enrolment.offered_at), col(Enrolment.id)))).all()
    everybody = replace(
        await _with(db, session, None), mentee_ids=tuple(each.mentee_id for each in places)
    )
    await take_locks(db, series.prison_id, everybody)
    for enrolment in places:
        plan = await _with(db, session, enrolment.mentee_id)
        if await _clashes(db, actor, session, plan):
            note_asked(db, plan)
            await reviews.ask(db, enrolment, await _mentee(db, enrolment))
            continue
        part = part_of(session, enrolment.mentee_id, ParticipationStatus.accepted)
        await lifecycle.begin(db, PARTICIPATION, part, actor)


async def _mentee(db: AsyncSession, enrolment: Enrolment) -> Mentee:
    return await referred(db, Mentee, enrolment.prison_id, enrolment.mentee_id, "mentee_id")


async def _with(db: AsyncSession, session: Session, newcomer: UUID | None) -> Plan:
    """The session with one more, who is the last named."""
    parts = await participations_of(db, session)
    coming = [part.mentee_id for part in parts if part.status in COMING]
    others = [mentee_id for mentee_id in coming if mentee_id != newcomer]
    return Plan(
        kind=session.kind,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        room_id=session.room_id,
        mentor_id=session.mentor_id,
        mentee_ids=(*others, newcomer) if newcomer else tuple(others),
        lead_staff_id=session.lead_staff_id,
    )


async def _clashes(db: AsyncSession, actor: Actor, session: Session, plan: Plan) -> list[Clash]:
    """What stands against the last named of the plan, and would not without them. What keeps others
    of it apart is not said of them, and hides nothing that is."""
    facts = await load_facts(
        db, session.prison_id, plan, except_for=session.id, asker=actor.staff_id
    )
    *others, newcomer = plan.mentee_ids
    facts = replace(facts, apart=[two for two in facts.apart if newcomer in two])
    before = clashes(replace(plan, mentee_ids=tuple(others)), facts)
    return [each for each in clashes(plan, facts) if each not in before]


async def leave_meetings(db: AsyncSession, context: Context) -> None:
    """Whoever gives up a place comes to no more meetings; those they came to stay."""
    enrolment: Enrolment = context.thing
    for part in await parts_in(db, context.facts.series, enrolment):
        if part.live and part.status in COMING:
            to, why = ParticipationStatus.cancelled, CancelReason.other
            await lifecycle.move(db, PARTICIPATION, part, to=to, actor=context.actor, reason=why)
