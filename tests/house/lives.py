"""Many lives at once: mentors, mentees and pairings of one prison, moved at random and on purpose,
day after day, with what must hold looked at as they go.

It acts through the services, as the API and the worker do, each step in a transaction of its own.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from random import Random
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock, worker
from app.access import Actor
from app.db import Database
from app.errors import GuardsUnmet, NotPairable, Refused
from app.models.acquaintances import AcquaintanceCreate, Relation
from app.models.campaigns import Campaign, CampaignStatus
from app.models.clearances import ClearancePut
from app.models.interviews import InterviewCreate, Recommendation
from app.models.mentees import (
    MENTEE_ENDED,
    CheckCreate,
    CheckKind,
    ConsentPut,
    Mentee,
    MenteeCreate,
    ReferredBy,
)
from app.models.mentors import (
    LEFT,
    AgreementPut,
    ClearanceOutcome,
    Mentor,
    MentorCreate,
    MentorStatus,
    ObservationCreate,
    SupervisorPut,
)
from app.models.moves import History
from app.models.pairings import Pairing, PairingCreate, PairingStatus
from app.models.people import Person, PersonCreate, Presence
from app.models.permissions import PermissionStatus, SharingPermission
from app.models.placements import PlacementCreate
from app.models.prisons import Prison
from app.models.staff import Role, Staff, StaffRole
from app.models.statements import Prompt, StatementCreate
from app.models.supervisions import SupervisionHeld, SupervisionMode
from app.models.trainings import Module, Training, TrainingCreate, TrainingStatus
from app.scope import everything
from app.services import (
    acquaintances,
    clearances,
    interviews,
    lifecycle,
    mentees,
    mentors,
    non_associations,
    pairings,
    people,
    permissions,
    placements,
    statements,
    trainings,
)
from app.services.lifecycle import Context, Lifecycle
from app.services.mentees import consent
from app.services.mentors import evidence
from app.services.mentors.moves import STANDING
from app.services.supervisions import plans, work

LIVES: dict[str, tuple[Any, Lifecycle]] = {
    "mentors": (Mentor, mentors.MENTOR),
    "mentees": (Mentee, mentees.MENTEE),
    "pairings": (Pairing, pairings.PAIRING),
}
PEOPLE = 8
APPROVAL = (
    "submitted",
    "screened",
    "interviewed",
    "governor_review",
    "approved_conditionally",
)
FOUNDING, SHADOWING = (*APPROVAL, "active"), (*APPROVAL, "shadowing")
SUPPORT = ("triage", "accepted", "waiting", "offered", "engaged")
# Where most go on to from where they are, so that lives get far before they end.
ONWARD: dict[str, tuple[str, ...]] = {
    "draft": ("submitted",),
    "submitted": ("screened",),
    "screened": ("interviewed",),
    "interviewed": ("governor_review",),
    "governor_review": ("approved_conditionally", "approved_conditionally", "declined"),
    "declined": ("appealed",),
    "appealed": ("governor_review",),
    "approved_conditionally": ("shadowing", "active"),
    "shadowing": ("ready_for_sign_off",),
    "ready_for_sign_off": ("active",),
    "active": ("paused", "suspended", "stepped_down", "transferred"),
    "referred": ("triage",),
    "self_referred": ("triage",),
    "triage": ("accepted",),
    "accepted": ("waiting",),
    "waiting": ("offered",),
    "offered": ("engaged",),
    "engaged": ("paused", "stepped_up", "disengaged", "completed"),
    "paused": ("engaged", "active"),
    "stepped_up": ("engaged",),
    "completed": ("engaged",),
    "disengaged": ("engaged",),
    "to_reassign": ("live",),
}


@dataclass
class Tally:
    """What was tried in all the lives of a run, and what came of it."""

    steps: int = 0
    days: int = 0
    moves: Counter[str] = field(default_factory=Counter)
    passed: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)


@dataclass
class Lives:
    """One prison, a handful of people, and everyone who moves them."""

    db: Database
    prison_id: str
    random: Random
    tally: Tally
    actors: dict[str, Actor] = field(default_factory=dict)
    person_ids: list[UUID] = field(default_factory=list)
    campaign_id: UUID | None = None

    # Who is there

    async def open(self) -> None:
        """A prison with staff in every role, a second governor, and some people."""
        async with self.db.sessions() as session, session.begin():
            few = {"mentees_per_voluntary": 2, "cooling_off_days": 30}
            session.add(Prison(id=self.prison_id, name=f"HMP Lives {self.prison_id}", **few))
        async with self.db.write(self.prison_id) as session:
            for name in [*(role.value for role in StaffRole), "deputy"]:
                role = StaffRole.governor if name == "deputy" else StaffRole(name)
                subject = f"{name}.{self.prison_id}"
                row = Staff(prison_id=self.prison_id, subject=subject, name=name, role=role)
                session.add(row)
                self.actors[name] = Actor(
                    self.prison_id, subject, Role(role.value), staff_id=row.id
                )
            await session.flush()
            today = clock.now().date()
            campaign = Campaign(
                prison_id=self.prison_id,
                title="Lives",
                opens_on=today,
                closes_on=today + timedelta(days=9999),
                places=1,
                status=CampaignStatus.open,
            )
            session.add(campaign)
            self.campaign_id = campaign.id
            for letter in "ABCDEFGH"[:PEOPLE]:
                number = (
                    f"{letter}{self.random.randrange(10**4):04}{self._letter()}{self._letter()}"
                )
                body = PersonCreate(number=number, first_name="Jo", last_name=f"Sample {letter}")
                self.person_ids.append((await people.create(session, self.worker_, body)).id)

    def _letter(self) -> str:
        return self.random.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ")

    @property
    def worker_(self) -> Actor:
        return self.actors["support_worker"]

    @property
    def nurse(self) -> Actor:
        return self.actors["nurse"]

    def whoever(self, thing: Any, roles: Sequence[Role] | frozenset[Role]) -> list[Actor]:
        """Everyone in one of these roles, the person themselves among them."""
        found = [a for a in self.actors.values() if a.role in roles or a.family in roles]
        if Role.mentor in roles and isinstance(thing, Mentor):
            role = Role.mentor
            subject = f"prisoner-{thing.person_id}"
            found.append(Actor(self.prison_id, subject, role, None, thing.person_id, thing.id))
        return found

    # What happens

    async def days_pass(self, days: int) -> None:
        """Days go by, and the worker keeps house at the end of each."""
        for _ in range(days):
            clock.forward(days=1)
            self.tally.days += 1
        assert await worker.housekeeping(self.db, self.prison_id) == 0

    async def applies(self) -> None:
        body = MentorCreate(
            person_id=self.random.choice(self.person_ids),
            motivation="To give it back." if self.random.random() < 0.7 else None,
            campaign_id=self.campaign_id if self.random.random() < 0.4 else None,
        )
        await self._tried(lambda db: mentors.apply(db, self.worker_, body))

    async def is_referred(self) -> None:
        body = MenteeCreate(
            person_id=self.random.choice(self.person_ids),
            referred_by=self.random.choice([ReferredBy.support_worker, ReferredBy.self_referral]),
        )
        await self._tried(lambda db: mentees.refer(db, self.worker_, body))

    async def pairs(self) -> None:
        async with self.db.write(self.prison_id) as db:
            mentor, mentee = await self._some(db, Mentor), await self._some(db, Mentee)
        if mentor is not None and mentee is not None:
            body = PairingCreate(mentor_id=mentor.id, mentee_id=mentee.id)
            await self._tried(lambda db: pairings.pair(db, self.worker_, body), "pairings")

    async def takes_permission_back(self) -> None:
        async def revoke(db: AsyncSession) -> None:
            given = await self._some(db, SharingPermission, PermissionStatus.given)
            if given is not None:
                await lifecycle.move(
                    db,
                    permissions.PERMISSION,
                    given,
                    to=PermissionStatus.revoked,
                    actor=self.worker_,
                )

        await self._tried(revoke)

    async def comes_or_goes(self) -> None:
        """Somebody is away for a while, or back: as the prison's own documents would tell."""

        async def go(db: AsyncSession) -> None:
            person = await db.get_one(Person, (self.prison_id, self._anyone()))
            here = person.presence is Presence.here
            person.presence = (
                Presence.away if here and self.random.random() < 0.3 else Presence.here
            )

        await self._tried(go)

    def _anyone(self) -> UUID:
        return self.random.choice(self.person_ids)

    async def are_kept_apart(self) -> None:
        """Two know each other, or the prison keeps them apart, or does so no more."""
        first, second = self.random.sample(range(len(self.person_ids)), 2)
        one, other = self.person_ids[first], self.person_ids[second]

        async def know(db: AsyncSession) -> None:
            body = AcquaintanceCreate(
                person_id=one, other_person_id=other, relation=Relation.friend
            )
            await acquaintances.declare(db, self.worker_, body)

        async def keep(db: AsyncSession) -> None:
            pair = [await db.get_one(Person, (self.prison_id, each)) for each in (one, other)]
            told = {
                "id": 1000 * min(first, second) + max(first, second),
                "firstPrisonerNumber": pair[0].number,
                "secondPrisonerNumber": pair[1].number,
                "restrictionType": "WING",
                "isOpen": self.random.random() < 0.6,
            }
            await non_associations.import_documents(db, self.worker_, orjson.dumps([told]))

        await self._tried(know if self.random.random() < 0.2 else keep)

    async def is_corrected(self) -> None:
        """A wrong end is corrected, by one or by two."""

        async def correct(db: AsyncSession) -> None:
            mentor = await self._some(db, Mentor, *sorted(LEFT))
            if mentor is not None:
                await db.refresh(mentor, with_for_update=True)
                await mentors.correct_end(db, self.random.choice([*self.actors.values()]), mentor)
                self.tally.passed["mentors corrected_by_two"] += mentor.status not in LEFT
                self.tally.passed["mentors was_in_state"] += mentor.status not in LEFT

        for _ in range(3):
            await self._tried(correct)

    async def moves(self, noun: str, *, helped: bool) -> None:
        """One thing is moved to one of its next states, by one who may, or one who may not.
        `helped`: what the guards ask for is done first, as far as it can be."""
        model, life = LIVES[noun]
        async with self.db.write(self.prison_id) as db:
            thing = await self._some(db, model)
        if thing is None:
            return
        ways = {to: way for (start, to), way in life.moves.items() if start == thing.status}
        if not ways:
            return
        onward = [to for to in ONWARD.get(thing.status, ()) if to in ways]
        if thing.status == MentorStatus.suspended:
            onward = [thing.suspended_from]
        offered = [to for to, way in ways.items() if way.offered] or [*ways]
        usual = self.random.random() < (0.8 if helped else 0.4)
        to = self.random.choice(onward if onward and usual else offered)
        actors = self.whoever(thing, ways[to].by) or [self.worker_]
        actor = self.random.choice(actors if helped else [*actors, *self.actors.values()])
        if not helped and noun == "mentors":
            actor = self._somebody_odd(thing, actor)
        await self._go(noun, thing.id, to, actor, helped=helped)

    def _somebody_odd(self, mentor: Mentor, actor: Actor) -> Actor:
        """Now and then one who decides on themselves, or another prisoner."""
        chance = self.random.random()
        if chance < 0.2:
            return replace(self.actors["governor"], person_id=mentor.person_id)
        if chance < 0.4:
            other = self._anyone()
            return Actor(self.prison_id, f"prisoner-{other}", Role.mentor, None, other)
        return actor

    async def _go(self, noun: str, thing_id: UUID, to: Any, actor: Actor, *, helped: bool) -> None:
        model, life = LIVES[noun]
        if helped:
            await self._help(noun, thing_id, to, actor)

        async def move(db: AsyncSession) -> None:
            found = await db.get_one(model, (self.prison_id, thing_id))
            came_from = found.status
            way = life.moves[came_from, to]
            reason = self.random.choice(way.reasons) if way.reasons else None
            await lifecycle.move(db, life, found, to=to, actor=actor, reason=reason)
            self.tally.moves[f"{noun} {came_from} -> {to}"] += 1
            self.tally.passed.update(f"{noun} {guard.__name__}" for guard in way.guards)

        await self._tried(move, noun)

    async def _walks(self, noun: str, thing_id: UUID, *states: str) -> None:
        """The usual way through these states, by those whose moves they are."""
        model, life = LIVES[noun]
        for state in states:
            async with self.db.write(self.prison_id) as db:
                thing = await db.get_one(model, (self.prison_id, thing_id))
            to = life.states(state)
            way = life.moves.get((thing.status, to))
            if way is not None:
                actor = next(each for each in self.whoever(thing, way.by) if each.staff_id)
                await self._go(noun, thing_id, to, actor, helped=True)

    async def grow(self) -> None:
        """A scheme that has begun: two founders, one in shadowing, three who are supported."""
        for number, way in enumerate((*[FOUNDING] * 2, SHADOWING)):
            body = MentorCreate(person_id=self.person_ids[number], motivation="To give it back.")
            async with self.db.write(self.prison_id) as db:
                mentor = await mentors.apply(db, self.worker_, body)
            await self._walks("mentors", mentor.id, *way)
        for number in (5, 6, 7):
            body_ = MenteeCreate(
                person_id=self.person_ids[number], referred_by=ReferredBy.support_worker
            )
            async with self.db.write(self.prison_id) as db:
                mentee = await mentees.refer(db, self.worker_, body_)
            await self._walks("mentees", mentee.id, *SUPPORT)
            await self.pairs()

    async def _help(self, noun: str, thing_id: UUID, to: Any, actor: Actor) -> None:
        model, life = LIVES[noun]
        async with self.db.write(self.prison_id) as db:
            thing = await db.get_one(model, (self.prison_id, thing_id))
            options = await lifecycle.options(db, life, thing, actor)
            missing = [r.code for each in options if each.to == to for r in each.refusals]
        self.tally.refused.update(f"{noun} {code}" for code in missing)
        for code in missing:
            if code in REMEDIES:
                await self._tried(lambda db, c=code: REMEDIES[c](self, db, thing_id))

    async def _some(self, db: AsyncSession, model: Any, *states: Any) -> Any:
        """One row of a table, those that still move more often."""
        found = everything(model, self.prison_id).order_by(model.id)
        if states:
            found = found.where(model.status.in_(states))
        rows = (await db.execute(found)).scalars().all()
        moving = [row for row in rows if any(start == row.status for start, _ in _table(model))]
        some = moving if moving and self.random.random() < 0.9 else rows
        return self.random.choice(some) if some else None

    async def _tried(
        self, act: Callable[[AsyncSession], Awaitable[Any]], noun: str = "mentors"
    ) -> None:
        """One step in a transaction of its own; what it refuses is counted and undone."""
        self.tally.steps += 1
        try:
            async with self.db.write(self.prison_id) as db:
                await act(db)
        except (GuardsUnmet, NotPairable) as unmet:
            self.tally.refused.update(f"{noun} {error.code}" for error in unmet.errors)
        except (Refused, IntegrityError):  # refused by a service, or by the database
            pass

    async def a_while(self, things: int) -> None:
        """So many things happen, one after another."""
        for _ in range(things):
            what = self.random.random()
            noun = self.random.choice(["mentors", "mentors", "mentees", "pairings"])
            if what < 0.08:
                await self.applies()
            elif what < 0.16:
                await self.is_referred()
            elif what < 0.24:
                await self.pairs()
            elif what < 0.27:
                await self.takes_permission_back()
            elif what < 0.31:
                await self.is_corrected()
            elif what < 0.34:
                await self.comes_or_goes()
            elif what < 0.36:
                await self.are_kept_apart()
            else:
                await self.moves(noun, helped=what < 0.85)

    # What must hold

    async def sound(self, *, kept: bool) -> None:
        """No row without its whole history; nobody paired with who is not there. `kept`: the
        worker has kept house, and so no active mentor lacks what the role asks for."""
        async with self.db.write(self.prison_id) as db:
            rows = await db.execute(everything(History, self.prison_id).order_by(*_IN_ORDER))
            told: dict[UUID, list[History]] = {}
            for entry in rows.scalars():
                if entry.from_state != entry.to_state:
                    told.setdefault(entry.thing_id, []).append(entry)
            things: dict[str, dict[UUID, Any]] = {}
            for noun, (model, _) in LIVES.items():
                found = await db.execute(everything(model, self.prison_id))
                things[noun] = {row.id: row for row in found.scalars()}
                for row in things[noun].values():
                    _whole(noun, row, told.get(row.id, []))
            self._together(things)
            if kept:
                await self._standing(db, things["mentors"])

    def _together(self, things: dict[str, dict[UUID, Any]]) -> None:
        for pairing in things["pairings"].values():
            mentor = things["mentors"][pairing.mentor_id]
            mentee = things["mentees"][pairing.mentee_id]
            if pairing.status is PairingStatus.live:
                assert mentor.status is MentorStatus.active, f"paired with one {mentor.status}"
            if pairing.status is not PairingStatus.ended:
                assert mentee.status not in MENTEE_ENDED, f"a pairing of one {mentee.status}"

    async def _standing(self, db: AsyncSession, found: dict[UUID, Any]) -> None:
        for mentor in found.values():
            if mentor.status is MentorStatus.active:
                facts = await mentors.MENTOR.load_facts(db, mentor)
                context = Context(mentor, self.worker_, clock.now(), facts)
                unmet = [refusal.code for guard in STANDING if (refusal := guard(context))]
                assert not unmet, f"active, and lacks {unmet}"


_IN_ORDER = (History.recorded_at, History.id)


def _table(model: Any) -> Any:
    for known, life in LIVES.values():
        if known is model:
            return life.moves
    return [(each, None) for each in PermissionStatus]


def _whole(noun: str, row: Any, told: list[History]) -> None:
    """The moves of a row follow on each other, from its first state to the one it is in."""
    assert told, f"{noun}: a row without history"
    assert told[0].from_state is None
    for before, after in pairwise(told):
        assert after.from_state == before.to_state, f"{noun}: {before.to_state} was left unsaid"
    assert told[-1].to_state == row.status, f"{noun}: {row.status} is not in the history"


# What stands in the way, and how it is put right -------------------------------------------------

Remedy = Callable[[Lives, AsyncSession, UUID], Awaitable[Any]]
REMEDIES: dict[str, Remedy] = {}


def remedy(*codes: str) -> Callable[[Remedy], Remedy]:
    def keep(function: Remedy) -> Remedy:
        REMEDIES.update(dict.fromkeys(codes, function))
        return function

    return keep


async def _mentor(lives: Lives, db: AsyncSession, mentor_id: UUID) -> Mentor:
    return await db.get_one(Mentor, (lives.prison_id, mentor_id))


@remedy("clearance_current")
async def clear(lives: Lives, db: AsyncSession, mentor_id: UUID) -> None:
    today = clock.now().date()
    body = ClearancePut(
        outcome=ClearanceOutcome.cleared,
        valid_from=today,
        valid_to=today + timedelta(days=lives.random.choice([20, 200, 700])),
    )
    mentor = await _mentor(lives, db, mentor_id)
    await clearances.record(db, lives.actors["governor"], mentor, body)


@remedy("agreement_signed")
async def sign(lives: Lives, db: AsyncSession, mentor_id: UUID) -> None:
    body = AgreementPut(signed_at=clock.now())
    await evidence.record_agreement(db, lives.worker_, await _mentor(lives, db, mentor_id), body)


@remedy("supervisor_assigned")
async def supervise(lives: Lives, db: AsyncSession, mentor_id: UUID) -> None:
    assert lives.worker_.staff_id is not None
    body = SupervisorPut(staff_id=lives.worker_.staff_id)
    await evidence.assign_supervisor(db, await _mentor(lives, db, mentor_id), body)


@remedy("modules_signed_off")
async def train(lives: Lives, db: AsyncSession, mentor_id: UUID) -> None:
    """Every module that is not signed off is attended, assessed and signed off."""
    found = everything(Training, lives.prison_id).where(col(Training.mentor_id) == mentor_id)
    open_ones = {each.module: each for each in (await db.execute(found)).scalars()}
    for module in Module:
        training = open_ones.get(module)
        if training is None:
            body = TrainingCreate(mentor_id=mentor_id, module=module)
            training = await trainings.open_module(db, lives.nurse, body)
        if training.status is TrainingStatus.competent:
            continue
        for to in (TrainingStatus.attended, TrainingStatus.assessed, TrainingStatus.competent):
            if (training.status, to) in trainings.MOVES:
                await lifecycle.move(db, trainings.TRAINING, training, to=to, actor=lives.nurse)


@remedy("shadowed_three_months", "cooled_off")
async def wait(lives: Lives, db: AsyncSession, mentor_id: UUID) -> None:
    clock.forward(days=95)
    lives.tally.days += 95


@remedy("statements_complete")
async def say_why(lives: Lives, db: AsyncSession, mentor_id: UUID) -> None:
    body = StatementCreate(mentor_id=mentor_id, prompt=Prompt.why_mentor, text="To give it back.")
    await statements.write(db, lives.worker_, body)


@remedy("interviewed_by_both")
async def interview(lives: Lives, db: AsyncSession, mentor_id: UUID) -> None:
    for actor in (lives.worker_, lives.actors["clinician"]):
        body = InterviewCreate(
            mentor_id=mentor_id,
            held_at=clock.now(),
            recommendation=Recommendation.recommended,
            notes="Knows why he wants it.",
        )
        await interviews.record(db, actor, body)


async def _host(lives: Lives, db: AsyncSession, mentor: Mentor) -> Mentor | None:
    others = everything(Mentor, lives.prison_id).where(
        col(Mentor.status) == MentorStatus.active, col(Mentor.person_id) != mentor.person_id
    )
    return (await db.execute(others.order_by(col(Mentor.id)))).scalars().first()


@remedy("placed_with_active_mentor")
async def place(lives: Lives, db: AsyncSession, mentor_id: UUID) -> None:
    host = await _host(lives, db, await _mentor(lives, db, mentor_id))
    if host is not None:
        today = clock.now().date()
        body = PlacementCreate(mentor_id=mentor_id, host_id=host.id, starts_on=today)
        await placements.place(db, lives.worker_, body)


@remedy("observed_sessions_logged", "assessed_by_another")
async def observe(lives: Lives, db: AsyncSession, mentor_id: UUID) -> None:
    mentor = await _mentor(lives, db, mentor_id)
    placed = [each for each in await placements.of_mentor(db, mentor)]
    if not placed:
        await place(lives, db, mentor_id)
        placed = [each for each in await placements.of_mentor(db, mentor)]
    for number in range(6 if placed else 0):
        body = ObservationCreate(
            observed_mentor_id=placed[-1].host_id,
            held_at=clock.now(),
            minutes=50,
            learnt="How silence lets a man find his words.",
            assessed=number == 0 and lives.random.random() < 0.7,
        )
        await evidence.log_observation(db, lives.worker_, mentor, body)


@remedy("supervision_overdue")
async def hold_supervision(lives: Lives, db: AsyncSession, pairing_id: UUID) -> None:
    pairing = await db.get_one(Pairing, (lives.prison_id, pairing_id))
    found = await plans.open_of(db, await _mentor(lives, db, pairing.mentor_id))
    if found is not None:
        body = SupervisionHeld(mode=SupervisionMode.in_person)
        await work.hold(db, lives.worker_, found, body)


async def _mentee(lives: Lives, db: AsyncSession, mentee_id: UUID) -> Mentee:
    return await db.get_one(Mentee, (lives.prison_id, mentee_id))


@remedy("permission_to_share", "confidentiality_explained")
async def consent_to(lives: Lives, db: AsyncSession, mentee_id: UUID) -> None:
    body = ConsentPut(
        permission_to_share_at=clock.now(),
        explained_at=clock.now(),
        explained_version="2026-1",
        explained_language="English",
        understood=True,
    )
    await consent.record(db, lives.worker_, await _mentee(lives, db, mentee_id), body)


def _check(kind: CheckKind) -> Remedy:
    async def check(lives: Lives, db: AsyncSession, mentee_id: UUID) -> None:
        body = CheckCreate(kind=kind, at=clock.now())
        await mentees.record_check(db, lives.worker_, await _mentee(lives, db, mentee_id), body)

    return check


REMEDIES["compatibility_checked"] = _check(CheckKind.compatibility)
REMEDIES["welfare_checked"] = _check(CheckKind.welfare)


@remedy("two_outreach_attempts")
async def reach_out(lives: Lives, db: AsyncSession, mentee_id: UUID) -> None:
    for _ in range(2):
        clock.forward(days=1)
        lives.tally.days += 1
        await _check(CheckKind.outreach)(lives, db, mentee_id)
