"""The scheme's survey of sixty mentees, from whom exactly the published figures come, and the
frozen cohort that counts them."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.demo.wing import Wing
from app.models.mentees import Mentee, MenteeStatus
from app.models.outcome_cohorts import OutcomeCohortCreate, OutcomeCohortStatus
from app.models.prisons import Prison
from app.models.questionnaires import (
    Answer,
    Change,
    Instrument,
    Occasion,
    QuestionnaireCreate,
)
from app.models.reports import Question
from app.scope import everything
from app.services import lifecycle, outcome_cohorts, questionnaires
from app.services.outcomes.answers import Episode
from app.services.outcomes.case_study import SAMPLE, sample
from app.services.outcomes.instruments import definitions
from app.services.reports.outcomes import CHANGES
from app.services.working_days import local_date

NAME = "The published sample"
FIRST_AFTER, THEN_AFTER = timedelta(days=3), timedelta(days=35)
SCORED = 20  # of the sixty, who answered PHQ-9 too


async def live(wing: Wing) -> None:
    """Sixty are asked twice, and counted."""
    wing.at(hours=1)
    async with wing.db.write(wing.prison_id) as session:
        zone = (await session.get_one(Prison, wing.prison_id)).tz
        engaged = everything(Mentee, wing.prison_id).where(
            col(Mentee.engaged_at).is_not(None), col(Mentee.status) != MenteeStatus.merged
        )
        found = (await session.scalars(engaged.order_by(col(Mentee.referred_at)))).all()
        by_day = [(local_date(each.referred_at, zone), each) for each in found]
        first, last = days_of([day for day, _ in by_day], SAMPLE)
        chosen = [each for each in by_day if first <= each[0] <= last]
        for number, ((day, mentee), episode) in enumerate(zip(chosen, sample(), strict=True)):
            await _asked(session, wing, mentee, day + FIRST_AFTER, episode)
            if number < SCORED:
                await _scored(session, wing, mentee, day + FIRST_AFTER, number)
        await _counted(session, wing, first, last)


def days_of(days: Sequence[date], many: int) -> tuple[date, date]:
    """The earliest span of whole days that holds just so many of them. ValueError if none does."""
    counted = sorted(Counter(days).items())
    for start, (first, _) in enumerate(counted):
        total = 0
        for last, number in counted[start:]:
            total += number
            if total == many:
                return first, last
    raise ValueError(f"no days together hold just {many}")


async def _asked(
    session: AsyncSession, wing: Wing, mentee: Mentee, day: date, episode: Episode
) -> None:
    """The survey at first and then, as one made-up mentee answered."""
    first = {question.value: episode.said(question).value for question in Question}
    changed = {
        name: episode.became(question).value
        for question, name in CHANGES.items()
        if episode.became(question) is not Change.unknown
    }
    again = {
        question.value: _then(episode, question).value
        for question in CHANGES
        if episode.said(question) is not Answer.not_asked
    }
    for occasion, asked_on, answers in (
        (Occasion.baseline, day, first),
        (Occasion.follow_up, day + THEN_AFTER, again | changed),
    ):
        body = QuestionnaireCreate(
            mentee_id=mentee.id,
            instrument=Instrument.survey,
            occasion=occasion,
            asked_on=asked_on,
            answers=dict(answers),
        )
        await questionnaires.record(session, wing.clinician, body)


def _then(episode: Episode, question: Question) -> Answer:
    if episode.said(question) is Answer.yes and episode.became(question) is Change.stopped:
        return Answer.no
    return episode.said(question)


async def _scored(
    session: AsyncSession, wing: Wing, mentee: Mentee, day: date, number: int
) -> None:
    """PHQ-9 at first and then; nobody says anything that a person must look at."""
    items = list(definitions()[Instrument.phq9].items)[:-1]
    for occasion, asked_on, less in (
        (Occasion.baseline, day, 0),
        (Occasion.follow_up, day + THEN_AFTER, number % 3),
    ):
        points = {item: max((number + place) % 4 - less, 0) for place, item in enumerate(items)}
        body = QuestionnaireCreate(
            mentee_id=mentee.id,
            instrument=Instrument.phq9,
            occasion=occasion,
            asked_on=asked_on,
            answers={**points, "better_off_dead": 0},
            share_total=number % 2 == 0,
        )
        await questionnaires.record(session, wing.clinician, body)


async def _counted(session: AsyncSession, wing: Wing, first: date, last: date) -> None:
    body = OutcomeCohortCreate(name=NAME, referred_from=first, referred_to=last)
    cohort = await outcome_cohorts.create(session, wing.support_worker, body)
    frozen, lives = OutcomeCohortStatus.frozen, outcome_cohorts.OUTCOME_COHORT
    await lifecycle.move(session, lives, cohort, to=frozen, actor=wing.governor)
