"""What people do about concerns, at random: the right thing next, or anything else."""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.db import Database
from app.errors import Refused
from app.models.base import Disclosure
from app.models.concerns import (
    AcctDecision,
    Concern,
    ConcernCreate,
    ConcernKind,
    ConcernStatus,
    DecisionCreate,
    FeedbackCreate,
    FeedbackOutcome,
    HandoverCreate,
    ImmediacyPut,
    ImmediacySaid,
    SeenCreate,
    SubjectPut,
)
from app.models.moves import MoveCreate
from app.models.people import Person, PersonCreate, Presence
from app.rights import Permission
from app.scope import everything, visible
from app.services import concerns, lifecycle, outbox, people
from app.services.concerns import identity, work
from app.services.concerns.moves import CONCERN
from app.services.concerns.routing import may_change, may_work
from app.services.escalation import Immediacy
from benchmarks.days.world import Site

P = Permission
Act = Callable[[AsyncSession, Actor, Concern], Awaitable[Any]]
SAID = [*ImmediacySaid, None]
# Minutes until somebody does the next thing: soon, after hours, or long after every deadline.
PACES = (*[20] * 14, *[180] * 5, 1800)
SLOWER = {"now": 0.15, "this_session": 1, "within_24h": 4, "routine": 12}


class Doing:
    """What is done in the prisons of a run, and what came of it."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    async def raises(self, site: Site) -> UUID:
        """Somebody raises a concern: at times late, by proxy, about a colleague, told already."""
        random, now = site.random, clock.now()
        late = timedelta(hours=random.choice((0, 0, 0, 1, 9)))
        body: dict[str, Any] = {
            "immediacy": random.choice(SAID),
            "kind": random.choice([*ConcernKind, *[ConcernKind.welfare] * 6]),
            "account": "He gave his radio away and would not say why.",
            "subject_as_told": "the lad in the end cell",
            "mentions_self_harm": random.random() < 0.2,
            "occurred_at": now - late,
            "subject_person_id": random.choice([None, *site.person_ids]),
        }
        if random.random() < 0.1:
            body["about_staff_id"] = random.choice(site.staff).staff_id
        if random.random() < 0.3:
            body["handover"] = {"to": "Officer Testwick", "at": now}
        if random.random() < 0.3:
            body["raised_by_person_id"] = random.choice(site.person_ids)
        actor = random.choice(site.staff)
        async with self.db.write(site.prison_id) as session:
            made, _ = await concerns.raise_concern(
                session, actor, ConcernCreate.model_validate(body)
            )
        self.done["raised"] += 1
        return made.id

    async def next_for(self, site: Site, concern_id: UUID) -> timedelta | None:
        """Somebody does something about the concern. Answers when the next will; None: never."""
        async with self.db.write(site.prison_id) as session:
            found = everything(Concern, site.prison_id).where(col(Concern.id) == concern_id)
            concern = (await session.scalars(found)).one()
        if concern.status in {ConcernStatus.merged_duplicate, ConcernStatus.closed}:
            if concern.status is ConcernStatus.closed and site.random.random() < 0.1:
                name, permission, act = "reopened", P.concern_move, _moves("reopened")
                await self._do(site, concern, name, permission, act)
                return timedelta(minutes=5)
            return None
        chosen = _right(concern, site) if site.random.random() < 0.75 else _other(concern, site)
        await self._do(site, concern, *chosen)
        pace = site.random.expovariate(1 / site.random.choice(PACES))
        return timedelta(minutes=pace * SLOWER[concern.immediacy.value])

    async def _do(
        self, site: Site, known: Concern, name: str, permission: Permission, act: Act
    ) -> None:
        """Somebody does it: mostly one on duty, and hardly ever one from whom it is kept."""
        able = [each for each in site.staff if each.allowed(permission)]
        here, concern_id = set(site.on_duty(clock.now())), known.id
        for wanted in ([each for each in able if _may_work(known, each)], here.intersection(able)):
            fewer = [each for each in able if each in wanted]
            if fewer and site.random.random() < 0.8:
                able = fewer
        actor = site.random.choice(able)
        try:
            async with self.db.write(site.prison_id) as session:
                seen = visible(Concern, actor).where(col(Concern.id) == concern_id)
                concern = (await session.scalars(seen.with_for_update())).one_or_none()
                if concern is None:
                    self.refused["hidden"] += 1
                    return
                may_change(concern, actor)
                await act(session, actor, concern)
            self.done[name] += 1
        except Refused as refused:
            self.refused[refused.code] += 1

    async def moves_away(self, site: Site, other: Site) -> None:
        """A prisoner is moved in the middle of it: gone from here, and entered in the other."""
        here = [each for each in site.person_ids if each not in site.left]
        if not here:
            return
        person_id = site.random.choice(here)
        site.left.add(person_id)
        async with self.db.write(site.prison_id) as session:
            found = everything(Person, site.prison_id).where(col(Person.id) == person_id)
            person = (await session.scalars(found.with_for_update())).one()
            number, person.presence = person.number, Presence.left
            outbox.say(session, site.prison_id, "person.left", person.id, presence=Presence.left)
        try:
            async with self.db.write(other.prison_id) as session:
                body = PersonCreate(number=number, first_name="Jo", last_name="Moved")
                made = await people.create(session, other.staff[-1], body)
            other.person_ids.append(made.id)
            self.done["moved_away"] += 1
        except Refused as refused:
            self.refused[refused.code] += 1


def _may_work(concern: Concern, actor: Actor) -> bool:
    return actor.staff_id is not None and may_work(concern, actor.role, actor.staff_id)


def _right(concern: Concern, site: Site) -> tuple[str, Permission, Act]:
    """What is wanted next."""
    late = site.random.random() < 0.2
    if concern.accepted_on_duty_at is None:
        return "acknowledged", P.concern_work, _acknowledges(late)
    if concern.immediacy is Immediacy.now and concern.handed_over_at is None:
        return "handed_over", P.concern_work, _hands_over
    if concern.seen_at is None:
        return "seen", P.concern_seen, _sees(late)
    if concern.decided_at is None:
        return "decided", P.concern_review, _decides(late)
    if concern.feedback is None:
        return "fed_back", P.concern_review, _feeds_back
    if concern.status in {ConcernStatus.acknowledged, ConcernStatus.reopened}:
        return "under_review", P.concern_move, _moves("under_review")
    if concern.status is ConcernStatus.under_review:
        return "ready", P.concern_move, _moves("ready_to_close")
    if concern.status is ConcernStatus.ready_to_close:
        return "closed", P.concern_move, _moves("closed")
    return "acknowledged", P.concern_work, _acknowledges(late)


def _other(concern: Concern, site: Site) -> tuple[str, Permission, Act]:
    """Anything else that somebody might do."""
    random = site.random
    choices: list[tuple[str, Permission, Act]] = [
        ("acknowledged", P.concern_work, _acknowledges(late=False)),
        ("handed_over", P.concern_work, _hands_over),
        ("seen", P.concern_seen, _sees(late=True)),
        ("not_seen", P.concern_seen, _does_not_see),
        ("decided", P.concern_review, _decides(late=True)),
        ("immediacy", P.concern_work, _sets(random.choice(list(Immediacy)))),
        ("lowering", P.concern_review, _sets(concern.lower_to or Immediacy.routine)),
        ("words", P.concern_raise, _adds_words),
        ("subject", P.concern_review, _resolves(random.choice(site.person_ids))),
        ("merged", P.concern_review, _merges(random)),
    ]
    return random.choice(choices)


def _at(concern: Concern, late: bool) -> datetime | None:
    """Entered late, as if it had happened in between."""
    return concern.occurred_at + (clock.now() - concern.occurred_at) / 2 if late else None


def _acknowledges(late: bool) -> Act:
    return lambda db, actor, concern: work.acknowledge(db, actor, concern, _at(concern, late))


def _sees(late: bool) -> Act:
    return lambda db, actor, concern: work.see(
        db, actor, concern, SeenCreate(at=_at(concern, late))
    )


async def _does_not_see(db: AsyncSession, actor: Actor, concern: Concern) -> None:
    await work.see(db, actor, concern, SeenCreate(not_seen_reason="at court"))


async def _hands_over(db: AsyncSession, actor: Actor, concern: Concern) -> None:
    await work.hand_over(db, actor, concern, HandoverCreate(to="Officer Mockham", at=clock.now()))


def _decides(late: bool) -> Act:
    async def act(db: AsyncSession, actor: Actor, concern: Concern) -> None:
        acct = AcctDecision.already_open
        body = DecisionCreate(decision="Seen daily.", acct_decision=acct, at=_at(concern, late))
        await work.decide(db, actor, concern, body)

    return act


async def _feeds_back(db: AsyncSession, actor: Actor, concern: Concern) -> None:
    body = FeedbackCreate(outcome=FeedbackOutcome.acted, told_by="N. Mockham")
    await work.feed_back(db, actor, concern, body)


def _sets(to: Immediacy) -> Act:
    body = ImmediacyPut(immediacy=to, reason="Looked at again.")
    return lambda db, actor, concern: work.set_immediacy(db, actor, concern, body)


async def _adds_words(db: AsyncSession, actor: Actor, concern: Concern) -> None:
    await concerns.add_words(db, actor, concern, "He asks for his sister.", Disclosure.ordinary)


def _resolves(person_id: UUID) -> Act:
    body = SubjectPut(subject_person_id=person_id)
    return lambda db, actor, concern: identity.resolve_subject(db, actor, concern, body)


def _merges(random: Random) -> Act:
    async def act(db: AsyncSession, actor: Actor, concern: Concern) -> None:
        others = visible(Concern, actor).where(col(Concern.id) != concern.id)
        some = (await db.scalars(others.order_by(col(Concern.id).desc()).limit(3))).all()
        if some:
            other = random.choice(some)
            survivor = await identity.lock_both(db, actor, concern, other.id)
            await identity.merge(db, actor, concern, survivor)

    return act


def _moves(to: str) -> Act:
    async def act(db: AsyncSession, actor: Actor, concern: Concern) -> None:
        reason = "new_information" if to == "reopened" else None
        await lifecycle.make(db, CONCERN, concern, actor, MoveCreate(to=to, reason=reason))

    return act
