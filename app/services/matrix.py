"""Who lacks which module: mentors by modules, decided on loaded facts; and as rows for a file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.models.mentors import Mentor, MentorStatus
from app.models.modules import ModuleStatus, SiteModule
from app.models.moves import History
from app.models.people import Person
from app.models.prisons import Prison
from app.models.trainings import (
    MatrixCell,
    MatrixColumn,
    MatrixMentor,
    Module,
    Training,
    TrainingMatrix,
    TrainingStatus,
)
from app.scope import everything, visible
from app.services.curriculum import curriculum
from app.services.modules import binding
from app.services.working_days import local_date
from app.visibility import shape

SHOWN = (
    MentorStatus.approved_conditionally,
    MentorStatus.shadowing,
    MentorStatus.ready_for_sign_off,
    MentorStatus.active,
    MentorStatus.paused,
    MentorStatus.suspended,
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the matrix is made of."""

    today: date
    mentors: Sequence[Mentor]
    names: Mapping[UUID, str]
    trainings: Mapping[tuple[UUID, str], Training]
    site: Sequence[SiteModule]
    were_active: frozenset[UUID]


async def load_facts(db: AsyncSession, actor: Actor) -> Facts:
    """The mentors this actor may see, and all that is known of their modules: six queries."""
    here = actor.prison_id
    working = visible(Mentor, actor).where(col(Mentor.status).in_(SHOWN))
    mentors = (await db.scalars(working)).all()
    ids = [mentor.id for mentor in mentors]
    people = everything(Person, here).where(
        col(Person.id).in_({mentor.person_id for mentor in mentors})
    )
    names = {person.id: person.display_name for person in await db.scalars(people)}
    trainings = visible(Training, actor).where(col(Training.mentor_id).in_(ids))
    site = visible(SiteModule, actor).where(col(SiteModule.status) == ModuleStatus.active)
    active = everything(History, here).where(
        col(History.thing_id).in_(ids), col(History.to_state) == MentorStatus.active
    )
    return Facts(
        local_date(clock.now(), (await db.get_one(Prison, here)).tz),
        mentors,
        {mentor.id: names[mentor.person_id] for mentor in mentors},
        {(each.mentor_id, each.module): each for each in await db.scalars(trainings)},
        (await db.scalars(site.order_by(col(SiteModule.code)))).all(),
        frozenset(entry.thing_id for entry in await db.scalars(active)),
    )


def made(facts: Facts) -> TrainingMatrix:
    """The matrix, mentors by name. Pure."""
    version = curriculum().versions[curriculum().current]
    five = [
        MatrixColumn(module=each.value, title=version.titles[each], required=True)
        for each in Module
    ]
    own = [
        MatrixColumn(module=each.code, title=each.title, required=each.required)
        for each in facts.site
    ]
    columns = [*five, *own]
    in_order = sorted(facts.mentors, key=lambda each: (facts.names[each.id].casefold(), each.id))
    return TrainingMatrix(
        as_at=facts.today,
        modules=columns,
        mentors=[
            MatrixMentor(
                mentor_id=mentor.id,
                display_name=facts.names[mentor.id],
                mentor_status=mentor.status,
                cells=list(_cells(facts, mentor, columns)),
            )
            for mentor in in_order
        ],
    )


def _cells(facts: Facts, mentor: Mentor, columns: Sequence[MatrixColumn]) -> Iterator[MatrixCell]:
    required = [each for each in facts.site if each.required]
    needed = binding(required, facts.today, was_active=mentor.id in facts.were_active)
    for column in columns:
        training = facts.trainings.get((mentor.id, column.module))
        status = training.status if training else None
        expires_on = training.expires_on if training else None
        left = (expires_on - facts.today).days if expires_on else None
        counts = status is TrainingStatus.competent and (left is None or left >= 0)
        yield MatrixCell(
            module=column.module,
            status=status,
            expires_on=expires_on,
            days_left=left,
            lacking=column.module in needed and not counts,
        )


async def shown(db: AsyncSession, actor: Actor) -> TrainingMatrix:
    """The matrix as this actor sees it: a mentor's own row alone."""
    matrix = made(await load_facts(db, actor))
    found = shape("trainings.matrix", actor.role).model_validate(matrix)
    assert isinstance(found, TrainingMatrix)
    return found


def table(matrix: TrainingMatrix) -> Iterator[list[str]]:
    """The matrix as rows of words, the heading first: two columns a module."""
    heading = ["mentor", "status"]
    for column in matrix.modules:
        heading += [column.title, f"{column.title}: last day"]
    yield heading
    for mentor in matrix.mentors:
        row = [mentor.display_name, mentor.mentor_status.value]
        for cell in mentor.cells:
            said = cell.status.value if cell.status else "not opened"
            row += [f"{said} (lacking)" if cell.lacking else said, str(cell.expires_on or "")]
        yield row
