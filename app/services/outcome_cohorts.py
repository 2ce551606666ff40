"""Outcome cohorts: a definition first, then frozen with its members, which never change."""

import hashlib
import json
from collections.abc import Iterable
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Conflicting, Invalid
from app.models.base import Output
from app.models.mentees import Mentee, MenteeStatus
from app.models.outcome_cohorts import (
    OutcomeCohort,
    OutcomeCohortCreate,
    OutcomeCohortMember,
    OutcomeCohortStatus,
    OutcomeCohortUpdate,
)
from app.models.prisons import Prison
from app.models.staff import Role
from app.scope import everything
from app.services import lifecycle, outbox
from app.services.lifecycle import Context, Lifecycle, Move, Refusal
from app.services.outcomes.indicators import DEFINITION_VERSION
from app.services.periods import Period
from app.services.working_days import local_date
from app.visibility import shape

S = OutcomeCohortStatus
COUNTS = frozenset({Role.support_worker, Role.clinician, Role.governor})
WRONG = ("wrong_definition", "entered_in_error", "other")
DEFINITION = (
    "referred_from", "referred_to", "engaged_only", "follow_up_from_days", "follow_up_to_days",
)  # fmt: skip


def all_were_referred(context: Context) -> Refusal | None:
    """What is still to come could be chosen by its outcome."""
    if context.thing.referred_to < context.facts:
        return None
    return Refusal("all_were_referred", "Its last day must be over: more may be referred.")


async def _today(db: AsyncSession, cohort: OutcomeCohort) -> date:
    return local_date(clock.now(), (await db.get_one(Prison, cohort.prison_id)).tz)


async def _freeze(db: AsyncSession, context: Context) -> None:
    """Keep its members as they are now, and the digest of all of it."""
    cohort = context.thing
    with db.no_autoflush:  # it is frozen only with all that belongs to it
        members = await _chosen(db, cohort)
    cohort.frozen_at, cohort.frozen_by = context.now, context.actor.subject
    cohort.definition_version, cohort.size = DEFINITION_VERSION, len(members)
    cohort.digest = digest(cohort, members)
    db.add_all(
        OutcomeCohortMember(
            prison_id=cohort.prison_id, outcome_cohort_id=cohort.id, mentee_id=mentee_id
        )
        for mentee_id in members
    )


MOVES = {
    (S.draft, S.frozen): Move(COUNTS, guards=(all_were_referred,), effects=(_freeze,)),
    (S.draft, S.withdrawn): Move(COUNTS, reasons=WRONG),
    (S.frozen, S.withdrawn): Move(COUNTS, reasons=WRONG),
}
OUTCOME_COHORT = Lifecycle(
    "outcome_cohorts", "outcome_cohort", OutcomeCohortStatus, MOVES, load_facts=_today
)


async def create(db: AsyncSession, actor: Actor, body: OutcomeCohortCreate) -> OutcomeCohort:
    """A cohort as a draft. Raises Conflicting where the name is taken."""
    await _check_name(db, actor.prison_id, body.name)
    cohort = OutcomeCohort(
        prison_id=actor.prison_id, recorded_by=actor.subject, **body.model_dump()
    )
    await lifecycle.begin(db, OUTCOME_COHORT, cohort, actor)
    return cohort


async def _check_name(db: AsyncSession, prison_id: str, name: str) -> None:
    named = everything(OutcomeCohort, prison_id).where(col(OutcomeCohort.name) == name)
    if (await db.execute(named)).first() is not None:
        raise Invalid.field("name", "taken", "another cohort has this name")


async def update(db: AsyncSession, cohort: OutcomeCohort, body: OutcomeCohortUpdate) -> None:
    """Change the definition of a draft. Raises Conflicting once it is frozen."""
    if cohort.status is not S.draft:
        raise Conflicting("It is frozen: neither its definition nor its members change.")
    if body.name is not None and body.name != cohort.name:
        await _check_name(db, cohort.prison_id, body.name)
    for name, value in body.model_dump(exclude_unset=True).items():
        setattr(cohort, name, value)
    if cohort.referred_to < cohort.referred_from:
        raise Invalid.field("referred_to", "in_order", "must not be before referred_from")
    if cohort.follow_up_to_days < cohort.follow_up_from_days:
        message = "must not be less than follow_up_from_days"
        raise Invalid.field("follow_up_to_days", "in_order", message)
    outbox.say(db, cohort.prison_id, "outcome_cohort.updated", cohort.id)
    await db.flush()


async def _chosen(db: AsyncSession, cohort: OutcomeCohort) -> list[UUID]:
    """The episodes that the definition means now, in the order of their ids. Two numbers that
    were one person are one episode."""
    zone = (await db.get_one(Prison, cohort.prison_id)).tz
    period = Period(cohort.referred_from, cohort.referred_to, zone)
    chosen = everything(Mentee, cohort.prison_id).where(
        col(Mentee.referred_at) >= period.since,
        col(Mentee.referred_at) < period.until,
        col(Mentee.status) != MenteeStatus.merged,
    )
    if cohort.engaged_only:
        chosen = chosen.where(col(Mentee.engaged_at).is_not(None))
    return sorted(mentee.id for mentee in (await db.scalars(chosen)).all())


def digest(cohort: OutcomeCohort, members: Iterable[UUID]) -> str:
    """SHA-256, in hexadecimal, of the definition and the ids as JSON with sorted keys."""
    meant = {name: getattr(cohort, name) for name in DEFINITION}
    told = {
        "definition": {**meant, "version": cohort.definition_version},
        "episodes": sorted(str(each) for each in members),
    }
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


async def members_of(db: AsyncSession, cohort: OutcomeCohort) -> list[UUID]:
    """The ids of the episodes in a frozen cohort."""
    found = everything(OutcomeCohortMember, cohort.prison_id).where(
        col(OutcomeCohortMember.outcome_cohort_id) == cohort.id
    )
    return sorted(each.mentee_id for each in (await db.scalars(found)).all())


async def shown(db: AsyncSession, cohort: OutcomeCohort, actor: Actor) -> Output:
    """The cohort, with what this actor may do next."""
    moves = await lifecycle.options(db, OUTCOME_COHORT, cohort, actor)
    fields = {**cohort.model_dump(), "moves": moves}
    return shape("outcome_cohorts", actor.role).model_validate(fields)
