"""How people find the scheme: what the rounds of a survey say that were closed in a period. A round
with too few answers says nothing, and neither does a question."""

from collections.abc import Iterator, Mapping

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access import Actor
from app.models.report_tables import ReportTable, Unit
from app.models.survey_rounds import SurveyRound, SurveyRoundStatus, SurveyTally
from app.scope import everything
from app.services.periods import Period
from app.services.reports.tables import counts, shares
from app.services.survey_rounds.questions import ANSWERED, FORMS, SENT, Counter, Survey, surveys

FEWEST = 8
"""Of fewer people's answers nothing is told: who was asked might be known."""
AGREE = ("4", "5")


async def tables(db: AsyncSession, actor: Actor, period: Period) -> list[ReportTable]:
    """Of each round how many agree with each sentence, every answer, and what was chosen."""
    closed = everything(SurveyRound, actor.prison_id).where(
        col(SurveyRound.status) == SurveyRoundStatus.closed,
        col(SurveyRound.closed_on) >= period.first,
        col(SurveyRound.closed_on) <= period.last,
    )
    in_order = closed.order_by(
        col(SurveyRound.audience), col(SurveyRound.closed_on), col(SurveyRound.id)
    )
    found: list[ReportTable] = []
    for number, each in enumerate((await db.scalars(in_order)).all(), start=1):
        tallies = everything(SurveyTally, actor.prison_id).where(
            col(SurveyTally.survey_round_id) == each.id
        )
        counted = {(row.question, row.answer): row.number for row in await db.scalars(tallies)}
        survey = surveys()[each.audience, each.survey_version]
        head = f"{each.audience.value.capitalize()}, asked until {each.closed_on:%-d %B %Y}"
        found += of_round(survey, counted, f"{each.audience.value}_{number}", head)
    return found


def of_round(
    survey: Survey, counted: Mapping[Counter, int], name: str, head: str
) -> Iterator[ReportTable]:
    """The tables of one round; of one with too few answers that it was, and nothing else. Pure."""
    forms = counted.get((FORMS, SENT), 0)
    if forms < FEWEST:
        yield shares(name, head, Unit.answers, {}, missing={"rounds_with_too_few_answers": 1})
        return
    agree: dict[str, tuple[int, int]] = {}
    every: dict[str, int] = {}
    chosen: dict[str, tuple[int, int]] = {}
    hidden = 0
    for question, item in survey.items.items():
        answers = {answer: counted[question, answer] for answer in _answers(item.choices)}
        of = counted[question, ANSWERED] if item.choices else sum(answers.values())
        if of < FEWEST:
            hidden += 1
        elif item.choices:
            chosen |= {each: (number, of) for each, number in answers.items()}
        else:
            agree[question] = (sum(answers[each] for each in AGREE), of)
            every |= {f"{question}: {each}": number for each, number in answers.items()}
    missing = {"questions_with_too_few_answers": hidden} if hidden else None
    title = f"{head}: agree mostly or fully ({forms} answered)"
    yield shares(name, title, Unit.answers, agree, missing=missing)
    yield counts(f"{name}_points", f"{head}: points from 1 to 5", Unit.answers, every)
    yield shares(f"{name}_reasons", f"{head}: what was chosen", Unit.answers, chosen)


def _answers(choices: Mapping[str, str]) -> list[str]:
    return list(choices) or list("12345")
