"""Questionnaires: recorded as they were answered, scored by their definition, never a risk score.

An answer that a person must look at opens a task for a clinician; no total does.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Conflicting, FieldError, Invalid
from app.models.base import Output
from app.models.mentees import Mentee
from app.models.prisons import Prison
from app.models.questionnaires import (
    Answer,
    AskedResult,
    Change,
    ChangeRead,
    Instrument,
    Occasion,
    Questionnaire,
    QuestionnaireCreate,
    QuestionnaireDefinition,
    QuestionnaireStatus,
    QuestionnaireUpdate,
    QuestionRead,
)
from app.models.staff import Role, StaffRole
from app.models.tasks import TaskKind
from app.scope import everything, referred
from app.services import lifecycle, outbox, tasks
from app.services.lifecycle import Lifecycle, Move
from app.services.outcomes import scoring
from app.services.outcomes.instruments import Definition, Item, definitions
from app.services.working_days import local_date
from app.visibility import shape

S = QuestionnaireStatus
REVIEW_WITHIN = timedelta(hours=4)
WRONG = ("other_person", "other_day", "wrong_answers", "entered_twice")
MOVES = {
    (S.recorded, S.entered_in_error): Move(frozenset({Role.clinician}), reasons=WRONG),
}
QUESTIONNAIRE = Lifecycle("questionnaires", "questionnaire", QuestionnaireStatus, MOVES)
_WORDS = {"yes_no": frozenset(Answer), "change": frozenset(Change)}


async def record(db: AsyncSession, actor: Actor, body: QuestionnaireCreate) -> Questionnaire:
    """Keep what was answered, with its total. Raises Invalid naming the question, Conflicting for
    a second baseline."""
    mentee = await referred(db, Mentee, actor.prison_id, body.mentee_id, "mentee_id")
    definition = _definition(body)
    _check(definition, body)
    asked_on = await _asked_on(db, actor, mentee, body)
    answers = body.answers or {}
    scored = scoring.score(definition, answers) if body.answers else None
    thing = Questionnaire(
        prison_id=actor.prison_id,
        instrument_version=definition.version,
        asked_on=asked_on,
        total=scored.total if scored else body.total,
        unanswered=scored.unanswered if scored else None,
        prorated=scored.prorated if scored else False,
        needs_review=scoring.asks_for_a_person(definition, answers),
        recorded_by=actor.subject,
        **body.model_dump(exclude={"instrument_version", "asked_on", "total"}),
    )
    await lifecycle.begin(db, QUESTIONNAIRE, thing, actor)
    if thing.needs_review:
        await tasks.open_task(
            db,
            actor.prison_id,
            TaskKind.answer_review,
            thing=thing,
            due_in=REVIEW_WITHIN,
            person_id=mentee.person_id,
            for_role=StaffRole.clinician,
            actor=actor,
            told_at_once=True,
        )
    return thing


def _definition(body: QuestionnaireCreate) -> Definition:
    found = definitions()[body.instrument]
    if body.instrument_version not in (None, found.version):
        message = f"there is no such version of it; in force is {found.version}"
        raise Invalid.field("instrument_version", "unknown", message)
    return found


def _check(definition: Definition, body: QuestionnaireCreate) -> None:
    """Raises Invalid, naming each field that cannot be so."""
    answered = body.result is AskedResult.answered
    for name, given, wanted in (
        ("answers", body.answers, answered and definition.text),
        ("total", body.total, answered and not definition.text),
    ):
        if wanted and not given and given != 0:
            raise Invalid.field(name, "missing", "say what was answered")
        if not wanted and given is not None:
            why = "it was not answered" if not answered else "it is not kept of this questionnaire"
            raise Invalid.field(name, "not_kept", why)
    if body.total is not None and definition.total is not None:
        least, most = definition.total
        if not least <= body.total <= most:
            raise Invalid.field("total", "out_of_range", f"must lie between {least} and {most}")
    errors = list(_wrong(definition, body.occasion, body.answers or {}))
    if errors:
        raise Invalid("Some answers cannot be so.", errors=errors)


def _wrong(
    definition: Definition, occasion: Occasion, answers: Mapping[str, int | str]
) -> Iterator[FieldError]:
    """What is wrong with the answers."""
    if set(answers) - set(definition.items):  # whose name is the caller's own word: not repeated
        names = ", ".join(definition.items)
        yield FieldError("answers", "unknown_question", f"has these questions only: {names}")
    for name, item in definition.items.items():
        value, field = answers.get(name), f"answers.{name}"
        if value is None:
            continue
        if not item.asked(occasion):
            yield FieldError(field, "not_asked_then", f"is not asked at a {occasion.value}")
        elif (told := _not_an_answer(definition, item, value)) is not None:
            yield FieldError(field, "out_of_range", told)
    if (
        answers.get("current_self_harm") == Answer.yes
        and answers.get("ever_self_harm") == Answer.no
    ):
        yield FieldError("answers.current_self_harm", "without_ever", "now is ever, too")


def _not_an_answer(definition: Definition, item: Item, value: int | str) -> str | None:
    if item.answers == "points":
        least, most = definition.between
        fits = isinstance(value, int) and least <= value <= most
        return None if fits else f"must be a whole number from {least} to {most}"
    words = _WORDS[item.answers]
    return None if value in words else f"must be one of: {', '.join(sorted(words))}"


async def _asked_on(
    db: AsyncSession, actor: Actor, mentee: Mentee, body: QuestionnaireCreate
) -> date:
    """The day it was asked. Raises Invalid for one that cannot be, Conflicting where the baseline
    is there already."""
    zone = (await db.get_one(Prison, actor.prison_id)).tz
    today = local_date(clock.now(), zone)
    asked_on = body.asked_on or today
    if not local_date(mentee.referred_at, zone) <= asked_on <= today:
        message = "must not be in the future, nor before the referral"
        raise Invalid.field("asked_on", "in_order", message)
    first = await baseline(db, actor.prison_id, mentee.id, body.instrument)
    if first is None:
        return asked_on
    if body.occasion is Occasion.baseline:
        raise Conflicting("There is a baseline of it; mark that as entered in error first.")
    if asked_on < first.asked_on:
        message = f"must not be before the baseline, which was on {first.asked_on}"
        raise Invalid.field("asked_on", "before_baseline", message)
    return asked_on


async def baseline(
    db: AsyncSession, prison_id: str, mentee_id: UUID, instrument: Instrument
) -> Questionnaire | None:
    """The baseline that stands."""
    found = everything(Questionnaire, prison_id).where(
        col(Questionnaire.mentee_id) == mentee_id,
        col(Questionnaire.instrument) == instrument,
        col(Questionnaire.occasion) == Occasion.baseline,
        col(Questionnaire.status) == S.recorded,
    )
    return (await db.execute(found)).scalar_one_or_none()


async def update(
    db: AsyncSession, actor: Actor, thing: Questionnaire, body: QuestionnaireUpdate
) -> None:
    """Keep the mentee's choice of who reads the total."""
    if body.share_total is not None:
        thing.share_total = body.share_total
        outbox.say(db, thing.prison_id, "questionnaire.updated", thing.id)
        await db.flush()


async def shown(db: AsyncSession, thing: Questionnaire, actor: Actor) -> Output:
    """The questionnaire as this actor reads it, with what they may do next."""
    definition = definitions()[thing.instrument]
    fields = {
        **thing.model_dump(),
        "is_case": scoring.is_a_case(definition, thing.total),
        "change": await _change(db, definition, thing),
        "moves": await lifecycle.options(db, QUESTIONNAIRE, thing, actor),
    }
    return shape("questionnaires", actor.role).model_validate(fields)


async def _change(
    db: AsyncSession, definition: Definition, thing: Questionnaire
) -> ChangeRead | None:
    if thing.occasion is Occasion.baseline or thing.total is None:
        return None
    first = await baseline(db, thing.prison_id, thing.mentee_id, thing.instrument)
    if first is None or first.total is None:
        return None
    return ChangeRead(
        baseline_id=first.id,
        first=first.total,
        difference=round(thing.total - first.total, 2),
        reliable=scoring.reliable_change(definition, first.total, thing.total),
    )


def every_definition() -> list[QuestionnaireDefinition]:
    """What is asked, for those who put it on a screen or on paper."""
    return [_shown(instrument, each) for instrument, each in definitions().items()]


def _shown(instrument: Instrument, each: Definition) -> QuestionnaireDefinition:
    points = each.between if each.scale or each.points else (None, None)
    total = each.total or (None, None)
    return QuestionnaireDefinition(
        instrument=instrument,
        version=each.version,
        title=each.title,
        source=each.source,
        window=each.window,
        scale=list(each.scale),
        least=points[0],
        most=points[1],
        total_least=total[0],
        total_most=total[1],
        higher_is_better=each.higher_is_better,
        case_at=each.case_at,
        reliable_change=each.reliable,
        may_miss=each.may_miss,
        questions=[
            QuestionRead(name=name, text=item.text, answers=item.answers, occasion=item.at)
            for name, item in each.items.items()
        ],
    )
