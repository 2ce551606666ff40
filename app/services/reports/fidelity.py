"""Supervision and training as the scheme promises them: what fell due in a period, and was kept."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.models.concerns import Concern
from app.models.joint_reviews import JointReview, JointReviewStatus
from app.models.mentors import Commitment, MentorStatus, Observation
from app.models.modules import ModuleStatus, SiteModule
from app.models.report_tables import ReportTable, Unit
from app.models.supervisions import Supervision
from app.models.tasks import Task, TaskKind, TaskSource, TaskStatus
from app.models.trainings import Training, TrainingStatus
from app.scope import countable_concerns, everything
from app.services.mentors.moves import MENTOR
from app.services.modules import binding
from app.services.periods import Period
from app.services.reports.stays import Stay, standing, stays
from app.services.reports.tables import counts, medians, shares
from app.services.supervisions import rules
from app.services.trainings import TRAINING
from app.services.working_days import local_date

S = MentorStatus
HOW_OFTEN = {Commitment.full_time: "weekly", Commitment.voluntary: "monthly"}
AFTER = {TaskSource.concerns: "after_a_concern", TaskSource.sessions: "after_a_night_call_out"}
LACKING = "lacking"


@dataclass(frozen=True, slots=True)
class Facts:
    """What training and shadowing are counted from."""

    mentors: Sequence[Stay]
    trainings: Sequence[Stay]
    whose: dict[UUID, tuple[UUID, str]]
    site: Sequence[SiteModule]
    observed: dict[UUID, tuple[int, int]] = field(default_factory=dict)


async def tables(db: AsyncSession, actor: Actor, period: Period) -> list[ReportTable]:
    """Supervisions, joint reviews and debriefs that fell due; training and shadowing."""
    now, prison_id = clock.now(), actor.prison_id
    fell_due = everything(Supervision, prison_id).where(
        col(Supervision.first_due_on) >= period.first, col(Supervision.first_due_on) <= period.last
    )
    reviews = everything(JointReview, prison_id).where(
        col(JointReview.due_on) >= period.first, col(JointReview.due_on) <= period.last
    )
    facts = await _facts(db, prison_id, period)
    return [
        *supervised((await db.scalars(fell_due)).all(), now, period.zone),
        reviewed((await db.scalars(reviews)).all(), now, period.zone),
        debriefed(await _debriefs(db, actor, period), now),
        *trained(facts, period),
        *shadowed(facts, period),
    ]


async def _debriefs(db: AsyncSession, actor: Actor, period: Period) -> Sequence[Task]:
    """Those that were to be done in the period. One that came of a concern that is kept from
    somebody is in none of their figures."""
    known = countable_concerns(actor).with_only_columns(col(Concern.id))
    found = everything(Task, actor.prison_id).where(
        col(Task.kind) == TaskKind.debrief,
        col(Task.status) != TaskStatus.cancelled,
        col(Task.due_at) >= period.since,
        col(Task.due_at) < period.until,
        or_(col(Task.thing_noun) != TaskSource.concerns, col(Task.thing_id).in_(known)),
    )
    return (await db.scalars(found.params(actor.scope()))).all()


async def _facts(db: AsyncSession, prison_id: str, period: Period) -> Facts:
    columns = col(Training.id), col(Training.mentor_id), col(Training.module)
    trainings = everything(Training, prison_id).with_only_columns(*columns)
    site = everything(SiteModule, prison_id).where(
        col(SiteModule.status) == ModuleStatus.active, col(SiteModule.required)
    )
    seen = (
        select(col(Observation.mentor_id), func.count(), func.count(col(Observation.assessor_id)))
        .where(col(Observation.prison_id) == prison_id, col(Observation.held_at) < period.until)
        .group_by(col(Observation.mentor_id))
    )
    return Facts(
        mentors=await stays(db, prison_id, MENTOR.noun, period.until),
        trainings=await stays(db, prison_id, TRAINING.noun, period.until),
        whose={each: (whose, module) for each, whose, module in await db.execute(trainings)},
        site=(await db.scalars(site.order_by(col(SiteModule.code)))).all(),
        observed={whose: (all_, good) for whose, all_, good in await db.execute(seen)},
    )


def supervised(every: Sequence[Supervision], now: datetime, zone: ZoneInfo) -> list[ReportTable]:
    """Held on the day they were due or before, by how often they are; and what became of all."""
    kept = {
        often: rules.compliance((e for e in every if e.commitment is commitment), now, zone)
        for commitment, often in HOW_OFTEN.items()
    }
    both = rules.compliance(every, now, zone)
    return [
        shares(
            "supervisions_in_time",
            "Supervisions held in time, of those due",
            Unit.supervisions,
            {often: (each.on_time, each.due) for often, each in kept.items()},
        ),
        counts(
            "supervisions",
            "What became of the supervisions due",
            Unit.supervisions,
            {
                "on_time": both.on_time,
                "late": both.late,
                "not_held": both.missed,
                "signed_by_both": both.signed_by_both,
            },
        ),
    ]


def reviewed(every: Iterable[JointReview], now: datetime, zone: ZoneInfo) -> ReportTable:
    """Reviews by a support worker and a clinician together, of those whose day is past or that
    were held."""
    due = [each for each in every if each.held_at is not None or each.due_at <= now]
    days = [(each.held_at and local_date(each.held_at, zone), each.due_on) for each in due]
    in_time = sum(held is not None and held <= by for held, by in days)
    signed = sum(each.status is JointReviewStatus.signed_by_both for each in due)
    held = sum(each.held_at is not None for each in due)
    return shares(
        "joint_reviews",
        "Joint reviews, of those due",
        Unit.joint_reviews,
        {
            "held": (held, len(due)),
            "held_in_time": (in_time, len(due)),
            "signed_by_both": (signed, len(due)),
        },
    )


def debriefed(every: Iterable[Task], now: datetime) -> ReportTable:
    """Debriefs within a day of what they are about, of those whose time is over or that were
    done."""
    counted = {name: [0, 0] for name in AFTER.values()}
    for each in every:
        name = AFTER.get(each.thing_noun)
        if name is None or (each.done_at is None and each.due_at > now):
            continue
        counted[name][0] += each.done_at is not None and each.done_at <= each.due_at
        counted[name][1] += 1
    return shares(
        "debriefs_in_time",
        "Debriefs within 24 hours, of those due",
        Unit.debriefs,
        {name: (in_time, due) for name, (in_time, due) in counted.items()},
    )


def trained(facts: Facts, period: Period) -> list[ReportTable]:
    """By module, how the mentors stand who are active at the end of the period."""
    active = {
        each.thing_id
        for each in standing(facts.mentors, period.until).values()
        if each.state == S.active
    }
    there = standing(facts.trainings, period.until)
    known = {facts.whose[each]: stay.state for each, stay in there.items() if each in facts.whose}
    modules = binding(facts.site, period.last, was_active=True)
    found = {
        module: [_standing(known.get((mentor, module))) for mentor in active] for module in modules
    }
    names = (TrainingStatus.competent.value, TrainingStatus.expired.value, LACKING)
    return [
        shares(
            "competent_by_module",
            "Active mentors signed off, by module",
            Unit.mentors,
            {module: (said.count(names[0]), len(said)) for module, said in found.items()},
        ),
        counts(
            "training_standing",
            "Modules of active mentors",
            Unit.modules,
            {name: sum(said.count(name) for said in found.values()) for name in names},
        ),
    ]


def _standing(state: str | None) -> str:
    """Signed off, no longer so, or not yet."""
    signed_off = {TrainingStatus.competent.value, TrainingStatus.expired.value}
    return state if state in signed_off else LACKING


def shadowed(facts: Facts, period: Period) -> list[ReportTable]:
    """Who became active for the first time in the period: whether they had shadowed another mentor,
    for how long, and how many of the sessions they observed were found to meet the standard."""
    first: dict[UUID, datetime] = {}
    days: dict[UUID, int] = {}
    for each in facts.mentors:
        if each.state == S.active and each.thing_id not in first:
            first[each.thing_id] = each.since
        elif each.state == S.shadowing and each.thing_id not in first:
            days[each.thing_id] = days.get(each.thing_id, 0) + each.days(period.until, period.zone)
    new = [each for each, at in first.items() if at >= period.since]
    after = [each for each in new if each in days]
    observed = [facts.observed.get(each, (0, 0)) for each in after]
    return [
        shares(
            "shadowed_first",
            "Newly active after shadowing",
            Unit.mentors,
            {"newly_active": (len(after), len(new))},
        ),
        medians(
            "shadowing_days",
            "How long they shadowed",
            Unit.days,
            {"newly_active": [days[each] for each in after]},
        ),
        shares(
            "observations_assessed",
            "Observed sessions found to meet the standard",
            Unit.sessions,
            {"newly_active": (sum(good for _, good in observed), sum(n for n, _ in observed))},
        ),
    ]
