"""What came before a story begins: through the services, in one transaction a chapter, for it is
done often. What a test is about goes over HTTP."""

from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.access import Actor
from app.db import Database
from app.models.clearances import ClearancePut
from app.models.interviews import InterviewCreate, Recommendation
from app.models.mentees import CheckCreate, CheckKind, ConsentPut, Mentee, MenteeCreate
from app.models.mentors import AgreementPut, Mentor, MentorCreate, ObservationCreate, SupervisorPut
from app.models.moves import MoveCreate
from app.models.people import Person, PersonCreate
from app.models.placements import PlacementCreate
from app.models.staff import Role
from app.models.trainings import Module, TrainingCreate
from app.services import clearances, interviews, lifecycle, mentees, mentors, people, trainings
from app.services.mentees import consent
from app.services.mentees.moves import MENTEE
from app.services.mentors import evidence
from app.services.placements import place
from app.services.working_days import local_date

_numbers = count(1)


def person_body(**fields: Any) -> dict[str, Any]:
    """A prisoner whom nobody else in the run is."""
    number = next(_numbers)
    return {
        "number": f"T{number % 10000:04}{chr(65 + number // 10000 % 26)}Q",
        "first_name": "Jo",
        "last_name": f"Sampleford{number}",
        "date_of_birth": "1990-02-28",
        "cell_location": "D-2-014",
        **fields,
    }


class Before:
    """The staff of a wing, at what they did before."""

    def __init__(self, db: Database, prison_id: str, staff: dict[Role, Actor]) -> None:
        self.db = db
        self.prison_id = prison_id
        self.staff = staff
        self.governor, self.nurse = staff[Role.governor], staff[Role.nurse]
        self.support_worker, self.clinician = staff[Role.support_worker], staff[Role.clinician]

    async def approved(self, mentor_id: str | None = None) -> Any:
        """A mentor approved with two years' clearance: of an application in draft, or a new one."""
        async with self.db.write(self.prison_id) as db:
            if mentor_id is None:
                body = MentorCreate(
                    person_id=(await self._person(db)).id, motivation="I was helped here."
                )
                mentor = await mentors.apply(db, self.support_worker, body)
            else:
                mentor = await db.get_one(Mentor, (self.prison_id, UUID(mentor_id)))
            await self._approve(db, mentor)
            return await self._mentor(db, mentor)

    async def _person(self, db: AsyncSession) -> Person:
        return await people.create(db, self.support_worker, PersonCreate(**person_body()))

    async def _mentor(self, db: AsyncSession, mentor: Mentor) -> Any:
        return (await mentors.shown(db, mentor, self.governor)).model_dump(mode="json")

    async def _move(self, db: AsyncSession, actor: Actor, mentor: Mentor, to: str) -> None:
        await mentors.make_move(db, actor, mentor, MoveCreate(to=to))

    async def _approve(self, db: AsyncSession, mentor: Mentor) -> None:
        for to in ("submitted", "screened"):
            await self._move(db, self.support_worker, mentor, to)
        for actor in (self.support_worker, self.clinician):
            interview = InterviewCreate(
                mentor_id=mentor.id,
                held_at=clock.now(),
                recommendation=Recommendation.recommended,
                notes="Knows why he wants it, and what it costs.",
            )
            await interviews.record(db, actor, interview)
        await self._move(db, self.clinician, mentor, "interviewed")
        await self._move(db, self.support_worker, mentor, "governor_review")
        today = clock.now().date()
        until = today + timedelta(days=730)
        cleared = ClearancePut(outcome="cleared", valid_from=today, valid_to=until)
        await clearances.record(db, self.governor, mentor, cleared)
        await self._move(db, self.governor, mentor, "approved_conditionally")

    async def prepared(
        self, mentor_id: str, *, trained: bool = True, contracted: bool = True
    ) -> None:
        """The nurse signed the five modules off; the role agreement is signed and a supervisor
        assigned."""
        async with self.db.write(self.prison_id) as db:
            mentor = await db.get_one(Mentor, (self.prison_id, UUID(mentor_id)))
            if trained:
                await self._train(db, mentor)
            if contracted:
                await self._contract(db, mentor)

    async def _train(self, db: AsyncSession, mentor: Mentor) -> None:
        for module in Module:
            body = TrainingCreate(mentor_id=mentor.id, module=module)
            training = await trainings.open_module(db, self.nurse, body)
            for to in ("attended", "assessed", "competent"):
                await lifecycle.move(db, trainings.TRAINING, training, to=to, actor=self.nurse)

    async def _contract(self, db: AsyncSession, mentor: Mentor) -> None:
        agreement = AgreementPut(signed_at=clock.now())
        await evidence.record_agreement(db, self.support_worker, mentor, agreement)
        assert self.support_worker.staff_id is not None
        supervisor = SupervisorPut(staff_id=self.support_worker.staff_id)
        await evidence.assign_supervisor(db, mentor, supervisor)

    async def founded(self) -> Any:
        """A mentor who is active by the exception for a new site's first two."""
        async with self.db.write(self.prison_id) as db:
            body = MentorCreate(
                person_id=(await self._person(db)).id, motivation="I was helped here."
            )
            mentor = await mentors.apply(db, self.support_worker, body)
            await self._approve(db, mentor)
            await self._train(db, mentor)
            await self._contract(db, mentor)
            founding = MoveCreate(to="active", reason="founding_mentor")
            await mentors.make_move(db, self.governor, mentor, founding)
            return await self._mentor(db, mentor)

    async def placed(self, mentor_id: str, host_id: UUID, *, shadowing: bool = False) -> None:
        """The mentor was placed with an active one, and began to shadow."""
        async with self.db.write(self.prison_id) as db:
            mentor = await db.get_one(Mentor, (self.prison_id, UUID(mentor_id)))
            placement = PlacementCreate(
                mentor_id=mentor.id, host_id=host_id, starts_on=local_date(clock.now())
            )
            await place(db, self.support_worker, placement)
            if shadowing:
                await self._move(db, self.support_worker, mentor, "shadowing")

    async def activated(self, mentor_id: str, host_id: UUID) -> None:
        """A mentor who has shadowed long enough was observed, trained and made active."""
        async with self.db.write(self.prison_id) as db:
            mentor = await db.get_one(Mentor, (self.prison_id, UUID(mentor_id)))
            await self._observe(db, mentor, host_id, 6)
            await self._train(db, mentor)
            await self._contract(db, mentor)
            await self._move(db, self.support_worker, mentor, "ready_for_sign_off")
            await self._move(db, self.governor, mentor, "active")

    async def observed(self, mentor_id: str, host_id: UUID, sessions: int) -> None:
        """A mentor in shadowing observed another's sessions; staff assessed the last of them."""
        async with self.db.write(self.prison_id) as db:
            mentor = await db.get_one(Mentor, (self.prison_id, UUID(mentor_id)))
            await self._observe(db, mentor, host_id, sessions)

    async def _observe(
        self, db: AsyncSession, mentor: Mentor, host_id: UUID, sessions: int
    ) -> None:
        for number in range(sessions):
            body = ObservationCreate(
                observed_mentor_id=host_id,
                held_at=clock.now() - timedelta(hours=sessions - number),
                minutes=50,
                learnt="How silence lets a man find his words.",
                assessed=number == sessions - 1,
            )
            await evidence.log_observation(db, self.support_worker, mentor, body)

    async def offered(self, **fields: Any) -> Any:
        """A mentee was offered support, and neither asked nor checked yet."""
        async with self.db.write(self.prison_id) as db:
            return await self._mentee(db, await self._offer(db, fields))

    async def engaged(self, **fields: Any) -> Any:
        """A mentee is in support."""
        async with self.db.write(self.prison_id) as db:
            mentee = await self._offer(db, fields)
            now = clock.now()
            told = ConsentPut(
                permission_to_share_at=now,
                explained_at=now,
                explained_version="2026-1",
                explained_language="English",
                understood=True,
            )
            await consent.record(db, self.support_worker, mentee, told)
            check = CheckCreate(kind=CheckKind.compatibility, at=clock.now())
            await mentees.record_check(db, self.support_worker, mentee, check)
            await self._move_mentee(db, mentee, "engaged")
            return await self._mentee(db, mentee)

    async def _offer(self, db: AsyncSession, fields: dict[str, Any]) -> Mentee:
        person = await self._person(db)
        body = {"person_id": person.id, "referred_by": "support_worker", **fields}
        mentee = await mentees.refer(db, self.support_worker, MenteeCreate(**body))
        for to in ("triage", "accepted", "waiting", "offered"):
            await self._move_mentee(db, mentee, to)
        return mentee

    async def _move_mentee(self, db: AsyncSession, mentee: Mentee, to: str) -> None:
        await lifecycle.make(db, MENTEE, mentee, self.support_worker, MoveCreate(to=to))

    async def _mentee(self, db: AsyncSession, mentee: Mentee) -> Any:
        return (await mentees.shown(db, mentee, self.support_worker)).model_dump(mode="json")
