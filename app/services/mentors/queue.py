"""The governor's queue: every application that waits for a decision, and what it is decided on.

The rules are those of the move itself: the same guards say who may decide and what is missing.
"""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.models.applications import (
    QueueDecline,
    QueueInterview,
    QueueReferences,
)
from app.models.base import Output
from app.models.campaigns import Campaign
from app.models.character_references import CharacterReference, Supports
from app.models.interviews import Interview
from app.models.mentors import Mentor, MentorStatus
from app.models.moves import History
from app.models.people import Person
from app.models.prisons import Prison
from app.scope import everything, visible
from app.services.lifecycle import Context
from app.services.mentors import application
from app.services.mentors.application import Application
from app.services.mentors.guards import FOUNDERS_AT_MOST, Facts, founders
from app.services.mentors.moves import APPROVAL, DECISION
from app.services.working_days import local_date
from app.visibility import shape

S = MentorStatus


@dataclass(frozen=True, slots=True)
class Waiting:
    """All that is known of everyone in the queue, loaded with a fixed number of queries."""

    zone: ZoneInfo
    founders: int
    names: dict[UUID, str]
    mentor_ids: dict[UUID, list[UUID]]
    history: dict[UUID, list[History]]
    interviews: dict[UUID, list[Interview]]
    references: dict[UUID, Counter[Supports]]
    titles: dict[UUID | None, str]
    applications: dict[UUID, Application]


async def queue(db: AsyncSession, actor: Actor) -> list[Output]:
    """The applications in the governor's review, the longest waiting first."""
    reviewed = visible(Mentor, actor).where(col(Mentor.status) == S.governor_review)
    mentors = list((await db.execute(reviewed)).scalars())
    if not mentors:
        return []
    waiting = await _load(db, actor.prison_id, mentors)
    mentors.sort(key=lambda each: (waiting_since(waiting.history[each.id]), each.id))
    item = shape("mentors.queue", actor.role)
    return [item.model_validate(_item(actor, each, waiting)) for each in mentors]


def waiting_since(history: Collection[History]) -> datetime:
    """When the application came into the state it is in."""
    return max(each.occurred_at for each in history if each.from_state != each.to_state)


async def _load(db: AsyncSession, prison_id: str, mentors: list[Mentor]) -> Waiting:
    prison = await db.get_one(Prison, prison_id)
    people = [each.person_id for each in mentors]
    ids = [each.id for each in mentors]
    campaigns = [each.campaign_id for each in mentors]
    episodes = defaultdict(list)
    for each in await _rows(db, Mentor, prison_id, col(Mentor.person_id).in_(people)):
        episodes[each.person_id].append(each.id)
    every = [each for some in episodes.values() for each in some]
    history = defaultdict(list)
    for entry in await _rows(db, History, prison_id, col(History.thing_id).in_(every)):
        history[entry.thing_id].append(entry)
    interviews = defaultdict(list)
    for interview in await application.interviews_of(db, prison_id, ids):
        interviews[interview.mentor_id].append(interview)
    left = await application.places_left(db, prison_id, campaigns)
    support = await application.support_of(db, prison_id, people)
    named = await _rows(db, Person, prison_id, col(Person.id).in_(people))
    titled = await _rows(db, Campaign, prison_id, col(Campaign.id).in_([*left]))
    return Waiting(
        zone=prison.tz,
        founders=(await db.execute(founders(prison_id))).scalar_one(),
        names={each.id: each.display_name for each in named},
        mentor_ids=episodes,
        history=history,
        interviews=interviews,
        references=await _references(db, prison_id, ids),
        titles={each.id: each.title for each in titled},
        applications={
            each.id: Application(
                places_left=left.get(each.campaign_id),
                support=support.get(each.person_id),
                cooling_off_days=prison.cooling_off_days,
            )
            for each in mentors
        },
    )


async def _rows(db: AsyncSession, model: Any, prison_id: str, condition: Any) -> list[Any]:
    found = everything(model, prison_id).where(condition)
    return list((await db.execute(found.order_by(model.recorded_at, model.id))).scalars())


async def _references(
    db: AsyncSession, prison_id: str, mentor_ids: list[UUID]
) -> dict[UUID, Counter[Supports]]:
    """How many references of each application say what."""
    counted = (
        select(col(CharacterReference.mentor_id), col(CharacterReference.supports), func.count())
        .where(
            col(CharacterReference.prison_id) == prison_id,
            col(CharacterReference.mentor_id).in_(mentor_ids),
        )
        .group_by(col(CharacterReference.mentor_id), col(CharacterReference.supports))
    )
    found: dict[UUID, Counter[Supports]] = defaultdict(Counter)
    for mentor_id, supports, times in (await db.execute(counted)).all():
        found[mentor_id][supports] = times
    return found


def _item(actor: Actor, mentor: Mentor, waiting: Waiting) -> dict[str, Any]:
    """One application as the governor is shown it."""
    history, made = waiting.history[mentor.id], waiting.applications[mentor.id]
    now = clock.now()
    facts = Facts(
        zone=waiting.zone,
        shadowing_months=0,
        observations_needed=0,
        history=history,
        observations=[],
        trainings=[],
        founders=waiting.founders,
        supervisor_here=False,
        application=made,
    )
    context = Context(mentor, actor, now, facts)
    not_mine, missing = (
        [refusal.code for guard in guards if (refusal := guard(context)) is not None]
        for guards in (DECISION, APPROVAL)
    )
    return {
        **mentor.model_dump(),
        "mentor_id": mentor.id,
        "display_name": waiting.names[mentor.person_id],
        "waiting_since": waiting_since(history),
        "appeal": any(entry.to_state == S.appealed for entry in history),
        "campaign_title": waiting.titles.get(mentor.campaign_id),
        "campaign_places_left": made.places_left,
        "interviews": [
            QueueInterview.model_validate(each) for each in waiting.interviews[mentor.id]
        ],
        "references": QueueReferences(
            **{each.value: waiting.references[mentor.id][each] for each in Supports}
        ),
        "earlier_declines": _declines(mentor, waiting),
        "cooling_off": application.cooling(made, local_date(now, waiting.zone), waiting.zone),
        "cooling_off_until": application.cooled_off_on(made, waiting.zone),
        "founding_places_left": max(FOUNDERS_AT_MOST - waiting.founders, 0),
        "decidable_by_me": not not_mine,
        "not_mine_because": not_mine,
        "stands_in_the_way": missing,
    }


def _declines(mentor: Mentor, waiting: Waiting) -> list[QueueDecline]:
    """Every decision made against the person, of this application and those before."""
    entries = [
        entry
        for mentor_id in waiting.mentor_ids[mentor.person_id]
        for entry in waiting.history[mentor_id]
        if entry.to_state == S.declined and entry.from_state != S.declined
    ]
    return [
        QueueDecline(reason=entry.reason, declined_on=local_date(entry.occurred_at, waiting.zone))
        for entry in sorted(entries, key=lambda entry: entry.occurred_at)
    ]
