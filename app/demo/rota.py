"""Three weeks of a rota, one of them served, and nights on which somebody asked for a mentor."""

from collections.abc import Sequence
from datetime import time, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.demo.series import LONDON
from app.demo.sessions import actors_of
from app.demo.wing import Wing
from app.models.availabilities import AvailabilityCreate, AvailabilityKind
from app.models.contact_requests import (
    ContactAuthorisation,
    ContactEnd,
    ContactRequestCreate,
    ContactStatus,
)
from app.models.moves import MoveCreate
from app.models.rota_demands import RotaDay, RotaDemandCreate, RotaRole
from app.models.rotas import GapAccepted, PublishCreate, Rota, RotaCreate, SolveCreate
from app.models.shifts import Shift, ShiftStatus
from app.scope import everything
from app.services import (
    availabilities,
    contact_requests,
    lifecycle,
    rota_demands,
    rotas,
    shifts,
)
from app.services.rotas import publishing, solving
from app.services.shifts import passing
from app.services.shifts.moves import SHIFT

BEHIND, AHEAD = 7, 14  # days
SOLVER_SECONDS = 1.0
ASKED_SINCE = timedelta(days=3)


async def live(wing: Wing) -> None:
    """From nine days ago: what is needed, who can, the rota, and how it went so far."""
    wing.at(days=BEHIND + 2)
    today = clock.now().astimezone(LONDON).date()
    async with wing.db.write(wing.prison_id) as session:
        await _needs(session, wing)
        await _says(session, wing)
        first = today + timedelta(days=2)
        body = RotaCreate(first_day=first, last_day=first + timedelta(days=BEHIND + AHEAD - 1))
        rota = await rotas.create(session, wing.support_worker, body)
        await rotas.ask(session, wing.support_worker, rota, SolveCreate())
    await solving.take_one(wing.db, wing.prison_id, seconds=SOLVER_SECONDS)
    await _publish(wing, rota.id)
    await _served(wing)


async def _needs(session: AsyncSession, wing: Wing) -> None:
    """Somebody on the landing every evening, and on call every night."""
    for day in RotaDay:
        if day is RotaDay.bank_holiday:
            continue
        for role, from_time, to_time in (
            (RotaRole.mentor_on_shift, time(17), time(19, 30)),
            (RotaRole.mentor_on_call, time(20), time(8)),
        ):
            body = RotaDemandCreate(
                day=day,
                from_time=from_time,
                to_time=to_time,
                role=role,
                needed=1,
                valid_from=clock.now().date(),
            )
            await rota_demands.create(session, wing.support_worker, body)


async def _says(session: AsyncSession, wing: Wing) -> None:
    """One would rather not serve on Sundays; another is away in ten days."""
    sunday = AvailabilityCreate(
        mentor_id=wing.active_ids[3],
        kind=AvailabilityKind.rather_not,
        weekday=7,
        from_time=time(0),
        to_time=time(0),
    )
    away = AvailabilityCreate(
        mentor_id=wing.active_ids[4],
        kind=AvailabilityKind.away,
        on_day=(wing.today + timedelta(days=10)).date(),
        from_time=time(0),
        to_time=time(0),
    )
    for body in (sunday, away):
        await availabilities.say(session, wing.support_worker, body)


async def _publish(wing: Wing, rota_id: UUID) -> None:
    """With whatever gaps are left, named; and every mentor accepts."""
    async with wing.db.write(wing.prison_id) as session:
        found = everything(Rota, wing.prison_id).where(col(Rota.id) == rota_id)
        rota = (await session.scalars(found)).one()
        solved = await rotas.last_solve(session, rota)
        assert solved is not None
        gaps = [
            GapAccepted.model_validate(each.model_dump(exclude={"why"})) for each in solved.gaps
        ]
        body = PublishCreate(accepted_gaps=gaps)
        await publishing.publish(session, wing.support_worker, rota, body)
        for shift in await _shifts(session, wing, ShiftStatus.published):
            to, by = ShiftStatus.accepted, wing.support_worker
            await lifecycle.move(session, SHIFT, shift, to=to, actor=by)


async def _shifts(session: AsyncSession, wing: Wing, *states: ShiftStatus) -> Sequence[Shift]:
    found = everything(Shift, wing.prison_id).where(col(Shift.status).in_(states))
    return (await session.scalars(found.order_by(col(Shift.starts_at), col(Shift.id)))).all()


async def _served(wing: Wing) -> None:
    """What lies behind us, in the order it happened; then somebody falls ill, and somebody asks
    whether another would take a night."""
    async with wing.db.write(wing.prison_id) as session:
        given = await _shifts(session, wing, ShiftStatus.accepted)
        people = await actors_of(session, wing)
        turns = sorted({at for each in given for at in (each.starts_at, each.ends_at)})
        nights = {each.starts_at for each in given if each.role is RotaRole.mentor_on_call}
        for at in (each for each in turns if each < wing.today):
            clock.set_offset(at + timedelta(seconds=30) - clock.real_now())
            await passing.by_the_clock(session, wing.prison_id)
            if at in nights and wing.today - ASKED_SINCE < at < wing.today - timedelta(hours=8):
                clock.forward(hours=5)
                await _asked_for(session, wing, people)
        wing.at(hours=1)
        ahead = [each for each in given if each.starts_at > wing.today + timedelta(days=1)]
        for shift, to, reason in (
            (ahead[0], ShiftStatus.uncovered, "sick"),
            (ahead[-1], ShiftStatus.swap_requested, None),
        ):
            assert shift.mentor_id is not None, "it was given to somebody"
            body = MoveCreate(to=to.value, reason=reason)
            await shifts.act(session, people[shift.mentor_id], shift, body)


async def _asked_for(session: AsyncSession, wing: Wing, people: dict[UUID, Actor]) -> None:
    """A man asks an officer for somebody, hours into the night; whoever is on call comes."""
    night = clock.now().astimezone(LONDON).toordinal()
    mine = wing.paired[wing.active_ids[night % len(wing.active_ids)]]
    asking = ContactRequestCreate(mentee_id=mine[night % len(mine)])
    request = await contact_requests.ask(session, wing.officer, asking)
    if request.mentor_id is None:
        unmet = MoveCreate(to=ContactStatus.unmet.value, reason="nobody_on_duty")
        return await contact_requests.make_move(session, wing.officer, request, unmet)
    clock.forward(minutes=4)
    yes = MoveCreate(to=ContactStatus.accepted.value)
    await contact_requests.make_move(session, people[request.mentor_id], request, yes)
    clock.forward(minutes=6)
    warned = ContactAuthorisation(in_spite_of_warnings=True)
    await contact_requests.authorise(session, wing.officer, request, warned)
    clock.forward(minutes=40)
    await contact_requests.end(session, wing.officer, request, ContactEnd())
    return None
