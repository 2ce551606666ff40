"""What became of a frozen cohort: read from its records, counted by `app/services/outcomes`."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.errors import Conflicting
from app.models.concerns import Interval
from app.models.mentees import MENTEE_ENDED, Mentee
from app.models.moves import History
from app.models.outcome_cohorts import OutcomeCohort, OutcomeCohortRow, OutcomeCohortStatus
from app.models.prisons import Prison
from app.models.questionnaires import (
    Answer,
    AskedResult,
    Change,
    Instrument,
    Occasion,
    Questionnaire,
    QuestionnaireStatus,
    ReliableChange,
)
from app.models.reports import (
    IfMissing,
    IndicatorRead,
    MeanInterval,
    OutcomeReport,
    PairedRead,
    Question,
    ScoreChangeRead,
)
from app.scope import everything
from app.services import outcome_cohorts
from app.services.outcomes.answers import Episode
from app.services.outcomes.case_study import NO_COMPARISON
from app.services.outcomes.indicators import Share, indicators
from app.services.outcomes.instruments import definitions
from app.services.outcomes.paired import score_change, yes_no
from app.services.outcomes.rates import days
from app.services.periods import Period
from app.services.reports import lives
from app.services.working_days import local_date

PAIRED = (Question.current_self_harm, Question.suicidal_thoughts, Question.suicide_attempt)
CHANGES = {
    Question.current_self_harm: "self_harm_change",
    Question.suicidal_thoughts: "thoughts_change",
    Question.suicide_attempt: "attempts_change",
}
SCORED = (
    Instrument.phq9, Instrument.gad7, Instrument.core10, Instrument.swemwbs, Instrument.reqol10,
)  # fmt: skip
HEADING = (
    "figure", "numerator", "denominator", "eligible", "missing", "percent", "value", "low", "high",
    "p_value",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Member:
    """An episode in the cohort: who it is now, and what was answered, the earliest first."""

    mentee: Mentee
    ended: bool
    asked: Mapping[Instrument, list[Questionnaire]] = field(default_factory=dict)

    def first(self, instrument: Instrument) -> Questionnaire | None:
        """The baseline, whatever came of asking."""
        found = self.asked.get(instrument, [])
        return next((each for each in found if each.occasion is Occasion.baseline), None)

    def then(self, instrument: Instrument, cohort: OutcomeCohort) -> Questionnaire | None:
        """The last follow-up within the cohort's window after the baseline; one that was answered
        before one that was not."""
        first = self.first(instrument)
        if first is None:
            return None
        since = first.asked_on + timedelta(days=cohort.follow_up_from_days)
        until = first.asked_on + timedelta(days=cohort.follow_up_to_days)
        within = [
            each
            for each in self.asked.get(instrument, [])
            if each.occasion is Occasion.follow_up and since <= each.asked_on <= until
        ]
        answered = [each for each in within if each.result is AskedResult.answered]
        return next(reversed(answered or within), None)


async def report(
    db: AsyncSession, cohort: OutcomeCohort, as_at: date | None = None
) -> OutcomeReport:
    """Every figure of a frozen cohort, by what was asked and ended up to a day, today unless told.
    Raises Conflicting for one that is not frozen."""
    if cohort.status is not OutcomeCohortStatus.frozen:
        raise Conflicting("Figures are counted of a frozen cohort.")
    zone = (await db.get_one(Prison, cohort.prison_id)).tz
    today = as_at or local_date(clock.now(), zone)
    members = await _members(db, cohort, Period(today, today, zone))
    episodes = [episode(each, cohort, today) for each in members]
    found = [_indicator(each) for each in indicators(episodes)]
    life = await lives.load(db, cohort.prison_id, [each.mentee.id for each in members], today)
    lost = Counter(each.lost for each in episodes if each.lost)
    return OutcomeReport(
        cohort=OutcomeCohortRow.model_validate(cohort.model_dump()),
        as_at=today,
        label=NO_COMPARISON,
        followed_up=len(members) - lost.total(),
        lost=dict(sorted(lost.items())),
        exposure_days=days(life.after),
        indicators=found,
        paired=[_paired(members, cohort, question) for question in PAIRED],
        scores=[_score(members, cohort, instrument) for instrument in SCORED],
        events=lives.before_and_after(life),
        seclusion=lives.seclusion(life),
        description=in_words(cohort, found),
    )


async def _members(db: AsyncSession, cohort: OutcomeCohort, today: Period) -> list[Member]:
    ids = await outcome_cohorts.members_of(db, cohort)
    mentees = everything(Mentee, cohort.prison_id).where(col(Mentee.id).in_(ids))
    recorded = (
        everything(Questionnaire, cohort.prison_id)
        .where(
            col(Questionnaire.mentee_id).in_(ids),
            col(Questionnaire.status) == QuestionnaireStatus.recorded,
            col(Questionnaire.asked_on) <= today.last,
        )
        .order_by(col(Questionnaire.asked_on), col(Questionnaire.id))
    )
    asked: dict[UUID, dict[Instrument, list[Questionnaire]]] = {}
    for each in (await db.scalars(recorded)).all():
        asked.setdefault(each.mentee_id, {}).setdefault(each.instrument, []).append(each)
    ended = await _ended(db, cohort, ids, today.until)
    return [
        Member(mentee, mentee.id in ended, asked.get(mentee.id, {}))
        for mentee in (await db.scalars(mentees.order_by(col(Mentee.id)))).all()
    ]


async def _ended(
    db: AsyncSession, cohort: OutcomeCohort, ids: Sequence[UUID], until: datetime
) -> set[UUID]:
    """The episodes that had come to an end by then."""
    over = select(col(History.thing_id)).where(
        col(History.prison_id) == cohort.prison_id,
        col(History.thing_id).in_(ids),
        col(History.occurred_at) < until,
        col(History.to_state).in_([each.value for each in MENTEE_ENDED]),
    )
    return set(await db.scalars(over))


def episode(member: Member, cohort: OutcomeCohort, today: date) -> Episode:
    """The survey's answers of one member, as indicators count them. Pure."""
    first = member.first(Instrument.survey)
    then = member.then(Instrument.survey, cohort)
    changes = _answers(then)
    return Episode(
        {question: _said(first, question) for question in Question},
        {question: Change(changes.get(name, Change.unknown)) for question, name in CHANGES.items()},
        _lost(member, first, then, cohort, today),
    )


def _answers(asked: Questionnaire | None) -> Mapping[str, Any]:
    return (asked.answers or {}) if asked is not None else {}


def _said(asked: Questionnaire | None, question: Question) -> Answer:
    """What was answered; what was left out of a survey that was, nobody knows."""
    if asked is None:
        return Answer.not_asked
    if asked.result is not AskedResult.answered:
        return Answer(asked.result.value)
    return Answer(_answers(asked).get(question.value, Answer.unknown))


def _lost(
    member: Member,
    first: Questionnaire | None,
    then: Questionnaire | None,
    cohort: OutcomeCohort,
    today: date,
) -> str | None:
    """Why there are no two surveys to compare; None if there are."""
    if first is None:
        return "no_baseline"
    if first.result is not AskedResult.answered:
        return f"baseline_{first.result.value}"
    if then is not None:
        answered = then.result is AskedResult.answered
        return None if answered else then.result.value
    if member.ended and member.mentee.status in MENTEE_ENDED:
        return member.mentee.status.value
    if today <= first.asked_on + timedelta(days=cohort.follow_up_to_days):
        return "not_due_yet"
    return Answer.not_asked.value


def _indicator(share: Share) -> IndicatorRead:
    interval, bounds = share.interval, share.bounds
    return IndicatorRead(
        indicator=share.indicator,
        numerator=share.numerator,
        denominator=share.denominator,
        eligible=share.eligible,
        missing=dict(sorted(share.missing.items())),
        ratio=f"{share.numerator}/{share.denominator}",
        percent=share.percent,
        interval=Interval(low=interval[0], high=interval[1]) if interval else None,
        if_missing=IfMissing(no=bounds[0], yes=bounds[1]) if bounds else None,
    )


def _paired(members: Sequence[Member], cohort: OutcomeCohort, question: Question) -> PairedRead:
    both = [
        (each.first(Instrument.survey), each.then(Instrument.survey, cohort)) for each in members
    ]
    counted = yes_no((_said(first, question), _said(then, question)) for first, then in both)
    increased = [_answers(then).get(CHANGES[question]) == Change.increased for _, then in both]
    return PairedRead(
        question=question,
        pairs=counted.pairs,
        both_yes=counted.both_yes,
        resolved=counted.resolved,
        new_onset=counted.new_onset,
        both_no=counted.both_no,
        increased=sum(increased),
        p_value=None if counted.p_value is None else round(counted.p_value, 4),
    )


def _score(
    members: Sequence[Member], cohort: OutcomeCohort, instrument: Instrument
) -> ScoreChangeRead:
    both = [(each.first(instrument), each.then(instrument, cohort)) for each in members]
    totals = [
        (first.total, then.total)
        for first, then in both
        if first and then and first.total is not None and then.total is not None
    ]
    found = score_change(definitions()[instrument], totals)
    low_high = found.interval
    return ScoreChangeRead(
        instrument=instrument,
        pairs=found.pairs,
        mean_first=_rounded(found.mean_first),
        mean_difference=_rounded(found.mean_difference),
        interval=(
            MeanInterval(low=round(low_high[0], 2), high=round(low_high[1], 2))
            if low_high
            else None
        ),
        reliably_improved=found.classes.get(ReliableChange.improved),
        no_reliable_change=found.classes.get(ReliableChange.no_reliable_change),
        reliably_deteriorated=found.classes.get(ReliableChange.deteriorated),
        cases_first=found.cases_first,
        cases_recovered=found.cases_recovered,
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def in_words(cohort: OutcomeCohort, found: Sequence[IndicatorRead]) -> str:
    """Each indicator in a sentence."""
    said = [
        f"{each.indicator.value.replace('_', ' ')}: {each.ratio}"
        + (f", {each.percent} %" if each.percent is not None else "")
        for each in found
    ]
    return f"{cohort.name}, {cohort.size} episodes, {NO_COMPARISON}. " + "; ".join(said) + "."


def table(found: OutcomeReport) -> Iterator[Sequence[Any]]:
    """The figures as rows, the heading first."""
    yield HEADING
    for each in found.indicators:
        missing = "; ".join(f"{n} {why}" for why, n in each.missing.items())
        between = each.interval
        yield (
            each.indicator.value, each.numerator, each.denominator, each.eligible, missing,
            each.percent, None, between and between.low, between and between.high, None,
        )  # fmt: skip
    for pair in found.paired:
        for name in ("resolved", "new_onset", "increased"):
            figure = f"{pair.question.value} {name}"
            p_value = pair.p_value if name == "resolved" else None
            yield (
                figure, getattr(pair, name), pair.pairs, None, None, None, None, None, None, p_value
            )  # fmt: skip
    for score in found.scores:
        spread = score.interval
        yield (
            f"{score.instrument.value} mean_difference", None, score.pairs, None, None, None,
            score.mean_difference, spread and spread.low, spread and spread.high, None,
        )  # fmt: skip
        for name in ("reliably_improved", "no_reliable_change", "reliably_deteriorated"):
            figure = f"{score.instrument.value} {name}"
            yield figure, getattr(score, name), score.pairs, *[None] * 7
    for event in found.events:
        for when, rate in (("before", event.before), ("after", event.after)):
            figure, width = f"{event.event.value} {event.fact.value} {when}", rate.interval
            yield (
                figure, rate.events, rate.days, None, None, None, rate.per_1000,
                width and width.low, width and width.high, None,
            )  # fmt: skip
    for each_fact in found.seclusion:
        for when, spell in (("before", each_fact.before), ("after", each_fact.after)):
            figure = f"days_in_self_seclusion {each_fact.fact.value} {when}"
            yield figure, spell.secluded, spell.days, *[None] * 7
    yield "exposure_days", found.exposure_days, *[None] * 8
    for reason, number in found.lost.items():
        yield f"lost {reason}", number, found.cohort.size, *[None] * 7
