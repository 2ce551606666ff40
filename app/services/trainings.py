"""Trainings: a mentor's way through the five modules, signed off by a nurse."""

import tomllib
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor, the_system
from app.errors import Invalid
from app.models.base import Output
from app.models.mentors import MENTOR_ENDED, Mentor, MentorStatus
from app.models.prisons import Prison
from app.models.staff import Role
from app.models.trainings import (
    Module,
    Training,
    TrainingCreate,
    TrainingStatus,
)
from app.scope import everything, referred
from app.services import lifecycle
from app.services.lifecycle import Context, Lifecycle, Move
from app.services.working_days import add_calendar_months, local_date
from app.visibility import shape

S = TrainingStatus
CREDITED = "credited_from_earlier_episode"
C, NURSE = Role.clinician, Role.nurse
CURRICULUM_FILE = Path(__file__).parents[1] / "reference" / "curriculum.toml"
NOT_YET_APPROVED = frozenset(
    {
        MentorStatus.draft,
        MentorStatus.submitted,
        MentorStatus.screened,
        MentorStatus.interviewed,
        MentorStatus.governor_review,
        MentorStatus.appealed,
    }
)


class Version(BaseModel):
    """One version of the curriculum."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    validity_months: int = Field(ge=1, le=60)
    titles: dict[Module, str]

    @model_validator(mode="after")
    def _complete(self) -> "Version":
        if missing := [module.value for module in Module if module not in self.titles]:
            raise ValueError(f"titles: missing are {', '.join(missing)}")
        return self


class Curriculum(BaseModel):
    """Every version that was ever taught, and which one is now."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: int
    current: str = Field(max_length=20)
    versions: dict[str, Version]

    @model_validator(mode="after")
    def _current_is_there(self) -> "Curriculum":
        if self.current not in self.versions:
            raise ValueError("current: must be one of the versions")
        return self


@lru_cache(maxsize=1)
def curriculum() -> Curriculum:
    """The curriculum of `app/reference/curriculum.toml`; ValidationError if it is unsound."""
    return Curriculum.model_validate(tomllib.loads(CURRICULUM_FILE.read_text("utf-8")))


def title_of(version: str, module: Module) -> str:
    """The module's title in the version that a training is pinned to."""
    return curriculum().versions[version].titles[module]


async def note_assessor(db: AsyncSession, context: Context) -> None:
    context.thing.assessor_id = context.actor.staff_id


async def note_competence(db: AsyncSession, context: Context) -> None:
    """Signed off for the pinned version's calendar months, from the local day on which it was."""
    training: Training = context.thing
    zone = (await db.get_one(Prison, training.prison_id)).tz
    months = curriculum().versions[training.curriculum].validity_months
    training.competent_at = context.now
    training.expires_on = add_calendar_months(local_date(context.now, zone), months)


async def begin_again(db: AsyncSession, context: Context) -> None:
    """A module attended again is signed off anew; what was before stands in the history."""
    training: Training = context.thing
    training.assessor_id = training.competent_at = training.expires_on = None


def _move(*by: Role, **rest: Any) -> Move:
    return Move(frozenset(by), **rest)


MOVES: dict[tuple[TrainingStatus, TrainingStatus], Move] = {
    (S.not_started, S.attended): _move(C),
    (S.attended, S.assessed): _move(C),
    (S.assessed, S.competent): _move(NURSE, effects=(note_assessor, note_competence)),
    (S.assessed, S.refer): _move(NURSE, effects=(note_assessor,)),
    (S.competent, S.expired): _move(Role.system, offered=False),
    (S.not_started, S.competent): _move(Role.system, offered=False),  # credited
    (S.refer, S.attended): _move(C, effects=(begin_again,)),
    (S.expired, S.attended): _move(C, effects=(begin_again,)),
}
TRAINING = Lifecycle("trainings", "training", TrainingStatus, MOVES)


async def open_module(db: AsyncSession, actor: Actor, body: TrainingCreate) -> Training:
    """Open a module for an approved mentor, pinned to today's curriculum. A module that is open
    already is refused by the database."""
    mentor = await referred(db, Mentor, actor.prison_id, body.mentor_id, "mentor_id")
    if mentor.status in MENTOR_ENDED:
        raise Invalid.field("mentor_id", "ended", "this mentor's episode has ended")
    if mentor.status in NOT_YET_APPROVED:
        raise Invalid.field("mentor_id", "not_approved", "training follows the governor's approval")
    training = Training(
        prison_id=actor.prison_id, curriculum=curriculum().current, **body.model_dump()
    )
    await lifecycle.begin(db, TRAINING, training, actor)
    return training


async def credit(db: AsyncSession, mentor: Mentor) -> None:
    """Credit a new episode with the sign-offs of the person's earlier ones that still count: the
    one that counts longest of each module, under its own version, until its own last day."""
    prison_id, system = mentor.prison_id, the_system(mentor.prison_id)
    today = local_date(clock.now(), (await db.get_one(Prison, prison_id)).tz)
    episodes = everything(Mentor, prison_id).where(col(Mentor.person_id) == mentor.person_id)
    theirs = everything(Training, prison_id).where(
        col(Training.mentor_id).in_(episodes.with_only_columns(col(Mentor.id)))
    )
    found = (await db.scalars(theirs.order_by(col(Training.recorded_at)))).all()
    there = {each.module for each in found if each.mentor_id == mentor.id}
    best: dict[str, Training] = {}
    for each in found:
        counts = each.status is S.competent and (each.expires_on or date.max) >= today
        before = best.get(each.module)
        longer = before is None or (each.expires_on or date.max) >= (before.expires_on or date.max)
        if counts and longer and each.module not in there:
            best[each.module] = each
    for each in best.values():
        copied = ("module", "curriculum", "assessor_id", "competent_at", "expires_on")
        values = {name: getattr(each, name) for name in copied}
        credited = Training(
            prison_id=prison_id, mentor_id=mentor.id, credited_from=each.id, **values
        )
        await lifecycle.begin(db, TRAINING, credited, system)
        to = S.competent
        await lifecycle.move(db, TRAINING, credited, to=to, actor=system, reason=CREDITED)


async def expire_due(db: AsyncSession, prison_id: str) -> int:
    """Expire every sign-off whose last day has passed, and say how many. For the worker: rows that
    someone else is changing are left to the next sweep."""
    zone = (await db.get_one(Prison, prison_id)).tz
    due = everything(Training, prison_id).where(
        col(Training.status) == S.competent,
        col(Training.expires_on) < local_date(clock.now(), zone),
    )
    rows = (await db.scalars(due.with_for_update(skip_locked=True))).all()
    for training in rows:
        await lifecycle.move(db, TRAINING, training, to=S.expired, actor=the_system(prison_id))
    return len(rows)


async def shown(db: AsyncSession, training: Training, actor: Actor) -> Output:
    """The training, with what this actor may do next."""
    return shape("trainings", actor.role).model_validate(
        {
            **training.model_dump(),
            "title": title_of(training.curriculum, training.module),
            "moves": await lifecycle.options(db, TRAINING, training, actor),
        }
    )
