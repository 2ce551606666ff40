"""Two hundred and fifty mentees on every stretch of the way, and the people they are."""

from datetime import timedelta
from itertools import cycle
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.demo.wing import Wing
from app.integrations.prison import synthetic
from app.models.mentees import (
    CheckCreate,
    CheckKind,
    ConsentPut,
    Mentee,
    MenteeCreate,
    MenteeStatus,
    ReferredBy,
)
from app.models.pairings import PairingCreate
from app.models.people import Person
from app.scope import everything
from app.services import lifecycle, mentees, pairings
from app.services.mentees import consent
from app.services.people.imports import import_documents

PEOPLE = 260
# How many of the 250 stand where today.
STANDING = {
    "engaged": 150,
    "waiting": 30,
    "offered": 12,
    "accepted": 10,
    "triage": 10,
    "referred": 8,
    "completed": 10,
    "disengaged": 5,
    "paused": 5,
    "stepped_up": 4,
    "signposted": 4,
    "declined_by_person": 2,
}
WAY = ("triage", "accepted", "waiting", "offered", "engaged")
REASONS = {
    "completed": "goals_met",
    "disengaged": "no_response",
    "paused": "own_wish",
    "stepped_up": "clinical_care_needed",
    "signposted": "better_served_elsewhere",
    "declined_by_person": "not_now",
}
SOURCES = (ReferredBy.wing_staff, ReferredBy.support_worker, ReferredBy.self_referral)
LINES = (
    "Would like company on the exercise yard.",
    "Sleeps badly and would like to talk in the mornings.",
    "Wants help to get back to work.",
    "Likes to draw.",
)


async def people_arrive(wing: Wing) -> int:
    """Import the wing's people exactly as HMPPS sends them."""
    page = synthetic.page(PEOPLE, prison_id=wing.prison_id, wing="D")
    async with wing.db.write(wing.prison_id) as session:
        await import_documents(session, wing.support_worker, orjson.dumps(page))
        found = everything(Person, wing.prison_id).order_by(col(Person.number))
        wing.person_ids = [person.id for person in (await session.execute(found)).scalars()]
    return len(wing.person_ids)


async def live(wing: Wing) -> int:
    """Every mentee's way so far; the engaged are shared out among the active mentors."""
    places = [place for place, count in STANDING.items() for _ in range(count)]
    mentors = cycle(wing.active_ids)
    for first in range(0, len(places), 50):
        async with wing.db.write(wing.prison_id) as session:
            for number, place in enumerate(places[first : first + 50], first):
                person_id = wing.person_ids[10 + number]
                await _goes(session, wing, person_id, number, place, next(mentors))
    return len(places)


async def _goes(
    session: AsyncSession, wing: Wing, person_id: UUID, number: int, place: str, mentor_id: UUID
) -> None:
    still_new = place in {"referred", "triage"}
    wing.at(days=1 if still_new else 20 + number % 60, hours=number % 7)
    mentee = await _referred(session, wing, person_id, number)
    if place == "referred":
        return
    last = WAY.index(place) if place in WAY else WAY.index("engaged")
    if place in {"signposted", "declined_by_person"}:
        last = WAY.index("triage")
    for to in WAY[: last + 1]:
        clock.forward(hours=2)
        if to == "engaged":
            await _before_engaging(session, wing, mentee)
            pair = PairingCreate(mentor_id=mentor_id, mentee_id=mentee.id)
            await pairings.pair(session, wing.support_worker, pair)
        await _move(session, wing, mentee, to)
    if place == "engaged":
        wing.paired.setdefault(mentor_id, []).append(mentee.id)
    if place not in WAY:
        await _ends(session, wing, mentee, place)


async def _referred(session: AsyncSession, wing: Wing, person_id: UUID, number: int) -> Mentee:
    body = MenteeCreate(
        person_id=person_id,
        referred_by=SOURCES[number % len(SOURCES)],
        referral_reason="Keeps to his cell and has stopped going to work.",
        agreed_line=LINES[number % len(LINES)],
        safety_need=number % 25 == 0,
    )
    return await mentees.refer(session, wing.support_worker, body)


async def _before_engaging(session: AsyncSession, wing: Wing, mentee: Mentee) -> None:
    just_now = clock.now() - timedelta(minutes=10)
    given = ConsentPut(
        permission_to_share_at=just_now,
        explained_at=just_now,
        explained_version="2026-1",
        explained_language="English",
        understood=True,
    )
    await consent.record(session, wing.support_worker, mentee, given)
    await _check(session, wing, mentee, CheckKind.compatibility)


async def _check(session: AsyncSession, wing: Wing, mentee: Mentee, kind: CheckKind) -> None:
    body = CheckCreate(kind=kind, at=clock.now() - timedelta(minutes=1))
    await mentees.record_check(session, wing.support_worker, mentee, body)


async def _ends(session: AsyncSession, wing: Wing, mentee: Mentee, place: str) -> None:
    clock.forward(days=10)
    if place == "disengaged":
        for kind in (CheckKind.outreach, CheckKind.outreach, CheckKind.welfare):
            clock.forward(days=1)  # reached out to on days of their own
            await _check(session, wing, mentee, kind)
    await _move(session, wing, mentee, place)


async def _move(session: AsyncSession, wing: Wing, mentee: Mentee, to: str) -> None:
    actor = wing.clinician if to == "stepped_up" else wing.support_worker
    await lifecycle.move(
        session,
        mentees.MENTEE,
        mentee,
        to=MenteeStatus(to),
        actor=actor,
        reason=REASONS.get(to),
    )
