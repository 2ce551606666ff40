"""A few events of life, the prison's monthly counts of incidents, and one round of the survey."""

from calendar import monthrange
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.demo.wing import Wing
from app.models.incident_counts import IncidentCountCreate, IncidentCountsCreate
from app.models.life_events import (
    FactKind,
    FactSource,
    IncidentKind,
    LifeEventCreate,
    LifeEventKind,
)
from app.models.mentees import Mentee, MenteeStatus
from app.models.prisons import Prison
from app.models.survey_rounds import (
    SurveyAnswer,
    SurveyAudience,
    SurveyRoundCreate,
    SurveyRoundStatus,
)
from app.scope import everything
from app.services import incident_counts, life_events, lifecycle, survey_rounds
from app.services.survey_rounds.questions import in_force
from app.services.working_days import local_date

K, F, S = LifeEventKind, FactKind, FactSource
LIVES = 12
ANSWERED = 14
# Days after support began, or before: what there was, and whose word it is.
EVENTS: tuple[tuple[int, LifeEventKind, FactKind, FactSource], ...] = (
    (-2, K.self_seclusion, F.staff_recorded, S.wing_book),
    (2, K.family_contact, F.self_report, S.own_words),
    (3, K.self_care, F.self_report, S.own_words),
    (3, K.self_care, F.clinical_finding, S.clinical_record),
    (5, K.education_started, F.staff_recorded, S.education_or_work),
    (6, K.mental_health_contact, F.clinical_finding, S.clinical_record),
    (7, K.full_time_work_started, F.staff_recorded, S.education_or_work),
)
INCIDENTS = (9, 8, 8, 6, 5, 4)  # of the last six months, the earliest first


async def live(wing: Wing) -> None:
    """What happened in some lives and on the wing, and what mentees say of the scheme."""
    wing.at(hours=1)
    async with wing.db.write(wing.prison_id) as session:
        zone = (await session.get_one(Prison, wing.prison_id)).tz
        today = local_date(clock.now(), zone)
        engaged = everything(Mentee, wing.prison_id).where(
            col(Mentee.engaged_at).is_not(None), col(Mentee.status) != MenteeStatus.merged
        )
        found = (await session.scalars(engaged.order_by(col(Mentee.referred_at)))).all()
        for number, mentee in enumerate(found[:LIVES]):
            assert mentee.engaged_at is not None
            began = local_date(mentee.engaged_at, zone)
            await _lived(session, wing, mentee, began, number)
        await _counted(session, wing, today)
    await _asked(wing)


async def _lived(
    session: AsyncSession, wing: Wing, mentee: Mentee, began: date, number: int
) -> None:
    """Each has some of the events, and none has all."""
    for place, (after, kind, fact, source) in enumerate(EVENTS):
        if (number + place) % 3 == 0:
            continue
        first = began + timedelta(days=after)
        body = LifeEventCreate(
            mentee_id=mentee.id,
            kind=kind,
            fact=fact,
            source=source,
            first_day=first,
            last_day=first + timedelta(days=3) if kind is K.self_seclusion else None,
        )
        await life_events.record(session, wing.clinician, body)


async def _counted(session: AsyncSession, wing: Wing, today: date) -> None:
    """Fights and damage of the whole prison, fewer from month to month."""
    month = today.replace(day=1)
    rows = []
    for number in reversed(INCIDENTS):
        month = (month - timedelta(days=1)).replace(day=1)
        last = month.replace(day=monthrange(month.year, month.month)[1])
        for incident, many in ((IncidentKind.fight, number), (IncidentKind.damage, number // 2)):
            rows.append(IncidentCountCreate(month=last, incident=incident, number=many, held=1050))
    await incident_counts.take_in(session, wing.governor, IncidentCountsCreate(rows=rows))


async def _asked(wing: Wing) -> None:
    """Fourteen mentees answer, each with a code."""
    wing.at(days=20)
    async with wing.db.write(wing.prison_id) as session:
        body = SurveyRoundCreate(audience=SurveyAudience.mentees)
        asked = await survey_rounds.open_round(session, wing.support_worker, body)
        codes = await survey_rounds.make_codes(session, asked, ANSWERED + 2)
    points = [name for name, item in in_force(SurveyAudience.mentees).items.items()
              if not item.choices]  # fmt: skip
    async with wing.db.write(wing.prison_id) as session:
        for number, code in enumerate(codes[:ANSWERED]):
            answers: dict[str, int | list[str]] = {
                name: 5 - (number * (place + 1)) % 3 for place, name in enumerate(points)
            }
            answers["held_back"] = [("nothing", "fear_of_talk", "times")[number % 3]]
            await survey_rounds.answer(
                session, wing.prison_id, SurveyAnswer(code=code, answers=answers)
            )
    wing.at(days=6)
    async with wing.db.write(wing.prison_id) as session:
        thing = await session.get_one(type(asked), (wing.prison_id, asked.id))
        closed, lives = SurveyRoundStatus.closed, survey_rounds.SURVEY_ROUND
        await lifecycle.move(session, lives, thing, to=closed, actor=wing.support_worker)
