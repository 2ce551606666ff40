"""Who was not asked yet: the first time soon after they came, the second some weeks later."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.models.mentees import Mentee
from app.models.people import Person
from app.models.prisons import Prison
from app.models.questionnaires import (
    AskedResult,
    Instrument,
    Occasion,
    Questionnaire,
    QuestionnaireDue,
    QuestionnaireStatus,
)
from app.scope import visible
from app.services.goals import IN_THE_SCHEME
from app.services.outcomes.instruments import Definition, definitions
from app.services.working_days import local_date


@dataclass(frozen=True, slots=True)
class Asked:
    """A questionnaire that was recorded, as far as it matters here."""

    mentee_id: UUID
    instrument: Instrument
    occasion: Occasion
    result: AskedResult
    asked_on: date


def due_on(
    definition: Definition, referred_on: date, asked: Iterable[Asked]
) -> tuple[Occasion, date] | None:
    """What of a questionnaire comes next for somebody, and by which day; None if nothing does.

    A baseline that somebody declined has no follow-up; one that nobody asked is still due.
    """
    recorded = list(asked)
    first = next((e for e in recorded if e.occasion is Occasion.baseline), None)
    if first is None:
        if definition.baseline_days is None:
            return None
        return Occasion.baseline, referred_on + timedelta(days=definition.baseline_days)
    followed = any(each.occasion is Occasion.follow_up for each in recorded)
    if followed or definition.follow_up_days is None or first.result is not AskedResult.answered:
        return None
    return Occasion.follow_up, first.asked_on + timedelta(days=definition.follow_up_days)


async def due(db: AsyncSession, actor: Actor) -> list[QuestionnaireDue]:
    """Everything that comes next, of everybody in the scheme: the longest overdue first."""
    zone = (await db.get_one(Prison, actor.prison_id)).tz
    today = local_date(clock.now(), zone)
    name = (
        select(col(Person.display_name))
        .where(
            col(Person.prison_id) == col(Mentee.prison_id),
            col(Person.id) == col(Mentee.person_id),
        )
        .scalar_subquery()
    )
    everybody = visible(Mentee, actor).where(col(Mentee.status).in_(IN_THE_SCHEME))
    mentees = (await db.execute(everybody.add_columns(name))).all()
    asked = await _asked(db, actor)
    found = [
        QuestionnaireDue(
            mentee_id=mentee.id,
            display_name=display_name,
            instrument=instrument,
            occasion=occasion,
            due_on=day,
            overdue=day < today,
        )
        for mentee, display_name in mentees
        for instrument, occasion, day in _next(
            local_date(mentee.referred_at, zone), asked.get(mentee.id, [])
        )
    ]
    return sorted(found, key=lambda each: (each.due_on, each.mentee_id, each.instrument))


async def _asked(db: AsyncSession, actor: Actor) -> dict[UUID, list[Asked]]:
    recorded = visible(Questionnaire, actor).where(
        col(Questionnaire.status) == QuestionnaireStatus.recorded
    )
    found: dict[UUID, list[Asked]] = {}
    for row in (await db.scalars(recorded)).all():
        asked = Asked(row.mentee_id, row.instrument, row.occasion, row.result, row.asked_on)
        found.setdefault(row.mentee_id, []).append(asked)
    return found


def _next(referred_on: date, asked: list[Asked]) -> Iterator[tuple[Instrument, Occasion, date]]:
    for instrument, definition in definitions().items():
        of_it = [each for each in asked if each.instrument is instrument]
        comes = due_on(definition, referred_on, of_it)
        if comes is not None:
            yield instrument, *comes
