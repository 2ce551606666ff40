"""Rounds of the experience survey: codes are handed out, answers raise counters, and a round is
counted once it is closed."""

import hashlib
import secrets
from uuid import UUID

from sqlalchemy import delete, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Conflicting, Invalid, NotFound
from app.models.base import Output
from app.models.prisons import Prison
from app.models.staff import Role
from app.models.survey_rounds import (
    SurveyAnswer,
    SurveyCode,
    SurveyRound,
    SurveyRoundCreate,
    SurveyRoundStatus,
    SurveyTally,
)
from app.scope import everything
from app.services import lifecycle
from app.services.lifecycle import Context, Lifecycle, Move
from app.services.survey_rounds import questions
from app.services.working_days import local_date
from app.visibility import shape

S = SurveyRoundStatus
RUN_THE_SCHEME = frozenset({Role.support_worker, Role.clinician})
WRONG = ("wrong_audience", "codes_lost", "entered_in_error", "other")
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # none that is read as another
LENGTH, GROUP = 16, 4  # 80 bits: nobody guesses one
MOST_CODES = 2000
_READ_AS = str.maketrans("OIL", "011", "- ")


async def _no_more_codes(db: AsyncSession, context: Context) -> None:
    """What was not used is not used any more."""
    here = context.thing
    unused = delete(SurveyCode).where(
        col(SurveyCode.prison_id) == here.prison_id, col(SurveyCode.survey_round_id) == here.id
    )
    await db.execute(unused)


async def _close(db: AsyncSession, context: Context) -> None:
    with db.no_autoflush:  # it is closed only with the day of it
        zone = (await db.get_one(Prison, context.thing.prison_id)).tz
    context.thing.closed_on = local_date(context.now, zone)
    await _no_more_codes(db, context)


MOVES = {
    (S.open, S.closed): Move(RUN_THE_SCHEME, effects=(_close,)),
    (S.open, S.withdrawn): Move(RUN_THE_SCHEME, reasons=WRONG, effects=(_no_more_codes,)),
}
SURVEY_ROUND = Lifecycle("survey_rounds", "survey_round", SurveyRoundStatus, MOVES)


async def open_round(db: AsyncSession, actor: Actor, body: SurveyRoundCreate) -> SurveyRound:
    """A round with its counters at none."""
    survey = questions.in_force(body.audience)
    thing = SurveyRound(
        prison_id=actor.prison_id,
        audience=body.audience,
        survey_version=survey.version,
        opened_on=local_date(clock.now(), (await db.get_one(Prison, actor.prison_id)).tz),
        recorded_by=actor.subject,
    )
    await lifecycle.begin(db, SURVEY_ROUND, thing, actor)
    db.add_all(
        SurveyTally(
            prison_id=actor.prison_id, survey_round_id=thing.id, question=question, answer=answer
        )
        for question, answer in questions.counters(survey)
    )
    await db.flush()
    return thing


async def make_codes(db: AsyncSession, thing: SurveyRound, number: int) -> list[str]:
    """More codes for an open round: kept as digests, and told this once. Raises Conflicting."""
    await db.refresh(thing, with_for_update=True)
    if thing.status is not S.open:
        raise Conflicting("The round is over: a code of it could not be used.")
    if thing.codes_made + number > MOST_CODES:
        message = f"a round has at most {MOST_CODES} codes; {thing.codes_made} are made"
        raise Invalid.field("number", "too_many", message)
    made = [_code() for _ in range(number)]
    db.add_all(
        SurveyCode(
            prison_id=thing.prison_id,
            survey_round_id=thing.id,
            digest=_digest(thing.prison_id, each),
            recorded_at=thing.recorded_at,
        )
        for each in made
    )
    thing.codes_made += number
    await db.flush()
    return made


def _code() -> str:
    letters = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    return "-".join(letters[at : at + GROUP] for at in range(0, LENGTH, GROUP))


def _digest(prison_id: str, code: str) -> bytes:
    return hashlib.sha256(f"{prison_id} {code.upper().translate(_READ_AS)}".encode()).digest()


async def known_prison(db: AsyncSession, prison_id: str) -> None:
    """Raises NotFound where there is no such prison."""
    if await db.get(Prison, prison_id) is None:
        raise NotFound()


async def answer(db: AsyncSession, prison_id: str, body: SurveyAnswer) -> None:
    """Count what somebody answers, and use up the code. Raises Invalid: one word for a code that
    was never made, was used, or is of a round that is over."""
    code = everything(SurveyCode, prison_id).where(
        col(SurveyCode.digest) == _digest(prison_id, body.code)
    )
    found = (await db.scalars(code)).one_or_none()
    thing = await _open(db, prison_id, found.survey_round_id) if found else None
    if found is None or thing is None:
        raise _unusable()
    survey = questions.surveys()[thing.audience, thing.survey_version]
    if errors := list(questions.wrong(survey, body.answers)):
        raise Invalid("Some answers cannot be so.", errors=errors)
    used = delete(SurveyCode).where(
        col(SurveyCode.prison_id) == prison_id, col(SurveyCode.id) == found.id
    )
    if not (await db.execute(used.returning(col(SurveyCode.id)))).first():
        raise _unusable()
    raised = update(SurveyTally).where(
        col(SurveyTally.prison_id) == prison_id,
        col(SurveyTally.survey_round_id) == thing.id,
        tuple_(col(SurveyTally.question), col(SurveyTally.answer)).in_(
            list(questions.raised(body.answers))
        ),
    )
    await db.execute(raised.values(number=SurveyTally.number + 1))


def _unusable() -> Invalid:
    message = "cannot be used: it never was one, it was used, or the survey is over"
    return Invalid.field("code", "unusable", message)


async def _open(db: AsyncSession, prison_id: str, round_id: UUID) -> SurveyRound | None:
    """The round, held so that one answer is counted after another and none after its close."""
    found = everything(SurveyRound, prison_id).where(
        col(SurveyRound.id) == round_id, col(SurveyRound.status) == S.open
    )
    return (await db.scalars(found.with_for_update())).one_or_none()


async def shown(db: AsyncSession, thing: SurveyRound, actor: Actor) -> Output:
    """The round, with what this actor may do next."""
    moves = await lifecycle.options(db, SURVEY_ROUND, thing, actor)
    fields = {**thing.model_dump(), "moves": moves}
    return shape("survey_rounds", actor.role).model_validate(fields)
