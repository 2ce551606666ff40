"""Places on the wing in every state, outreach to two of the other wings, hours beside the
sessions, and a man who had two numbers."""

from datetime import timedelta
from itertools import count
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.demo.wing import Wing
from app.models import wings as models
from app.models.efforts import EffortActivity, EffortCreate
from app.models.outreach_visits import OutreachKind, OutreachVisitCreate
from app.models.people import Person, PersonCreate, PersonMerge
from app.models.wing_places import WingPlaceCreate
from app.models.wings import WingUpdate
from app.scope import everything
from app.services import efforts, lifecycle, outreach_visits, people, wing_places, wings
from app.services.people import merges

PLACES = 8
WAYS: dict[str, tuple[str, ...]] = {
    "resident": ("waiting", "allocated", "resident"),
    "allocated": ("waiting", "allocated"),
    "waiting": ("waiting",),
    "requested": (),
    "declined": ("declined",),
}
STANDING = {"resident": 5, "allocated": 1, "waiting": 3, "requested": 2, "declined": 1}
DOUBLE = "Z9998ZZ"


async def live(wing: Wing) -> None:
    """The last six weeks."""
    async with wing.db.write(wing.prison_id) as session:
        found = (await session.execute(everything(models.Wing, wing.prison_id))).scalars()
        by_code = {each.code: each for each in found}
        await wings.update(session, by_code["D"], WingUpdate(places=PLACES))
        await _places(session, wing, by_code["D"].id)
        await _outreach(session, wing, by_code["A"].id, by_code["B"].id)
        await _hours(session, wing)
        await _two_numbers(session, wing)


async def _places(session: AsyncSession, wing: Wing, wing_id: UUID) -> None:
    who = count(20)
    for state, many in STANDING.items():
        for number in range(many):
            new = state in {"requested", "waiting"}
            wing.at(days=3 if new else 40, hours=number)
            body = WingPlaceCreate(person_id=wing.person_ids[next(who)], wing_id=wing_id)
            place = await wing_places.request(session, wing.officer, body)
            for to in WAYS[state]:
                clock.forward(hours=3)
                await lifecycle.move(
                    session,
                    wing_places.WING_PLACE,
                    place,
                    to=to,
                    actor=wing.support_worker,
                    reason="other" if to == "declined" else None,
                )


async def _outreach(session: AsyncSession, wing: Wing, *wing_ids: UUID) -> None:
    """Two wings were visited; the third is overdue."""
    assert wing.support_worker.staff_id is not None
    for number, wing_id in enumerate(wing_ids):
        wing.at(days=10 + number)
        body = OutreachVisitCreate(
            wing_id=wing_id,
            kind=list(OutreachKind)[number],
            held_at=clock.now() - timedelta(hours=1),
            staff_ids=[wing.support_worker.staff_id],
            mentor_ids=wing.active_ids[:1],
            people_spoken_with=12 + number,
            referrals_taken=2,
        )
        await outreach_visits.record(session, wing.support_worker, body)


async def _hours(session: AsyncSession, wing: Wing) -> None:
    for number, mentor_id in enumerate(wing.active_ids):
        wing.at(days=1 + number)
        mine: tuple[tuple[Actor, dict[str, UUID]], ...] = (
            (wing.support_worker, {"mentor_id": mentor_id}),
            (wing.clinician, {}),
        )
        for actor, whose in mine:
            body = EffortCreate(
                activity=list(EffortActivity)[number],
                done_on=clock.now().date(),
                minutes=30 + 15 * number,
                **whose,
            )
            await efforts.record(session, actor, body)


async def _two_numbers(session: AsyncSession, wing: Wing) -> None:
    """Entered by hand when he came in, until the prison system said who he was."""
    wing.at(days=9)
    by_hand = PersonCreate(number=DOUBLE, first_name="Jo", last_name="Doubleton")
    await people.create(session, wing.support_worker, by_hand)
    wing.at(days=8)
    last = everything(Person, wing.prison_id).where(col(Person.id) == wing.person_ids[-1])
    known = (await session.execute(last)).scalar_one()
    merge = PersonMerge(number=known.number, removed_number=DOUBLE)
    await merges.merge(session, wing.support_worker, merge)
