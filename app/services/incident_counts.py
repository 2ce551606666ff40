"""Monthly counts of disruptive incidents: a file is kept as a whole, or refused with the place."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import FieldError, Invalid
from app.models.base import Output
from app.models.incident_counts import (
    IncidentCount,
    IncidentCountCreate,
    IncidentCountsCreate,
    IncidentCountStatus,
)
from app.models.prisons import Prison
from app.models.staff import Role
from app.models.wings import Wing
from app.scope import everything
from app.services import lifecycle
from app.services.lifecycle import Lifecycle, Move
from app.services.working_days import local_date
from app.visibility import shape

S = IncidentCountStatus
RUN_THE_SCHEME = frozenset({Role.support_worker, Role.clinician, Role.governor})
MOVES = {
    (S.recorded, S.entered_in_error): Move(
        RUN_THE_SCHEME, reasons=("other_month", "other_wing", "wrong_number", "entered_twice")
    ),
}
INCIDENT_COUNT = Lifecycle("incident_counts", "incident_count", IncidentCountStatus, MOVES)
Key = tuple[date, UUID | None, str]


async def take_in(
    db: AsyncSession, actor: Actor, body: IncidentCountsCreate
) -> list[IncidentCount]:
    """Keep a file of counts. Raises Invalid naming every row that cannot be so; then none is
    kept."""
    zone = (await db.get_one(Prison, actor.prison_id)).tz
    this_month = local_date(clock.now(), zone).replace(day=1)
    wings = {each.id for each in await db.scalars(everything(Wing, actor.prison_id))}
    standing = everything(IncidentCount, actor.prison_id).where(
        col(IncidentCount.status) == S.recorded,
        col(IncidentCount.month).in_({each.month.replace(day=1) for each in body.rows}),
    )
    known = {(each.month, each.wing_id, each.incident.value) for each in await db.scalars(standing)}
    errors = [
        FieldError(f"rows.{place}.{field}", code, message)
        for place, row in enumerate(body.rows)
        for field, code, message in _wrong(row, this_month, wings, known)
    ]
    if errors:
        raise Invalid("Some rows cannot be so; none was kept.", errors=errors)
    made = [_counted(actor, row) for row in body.rows]
    for each in made:
        await lifecycle.begin(db, INCIDENT_COUNT, each, actor)
    return made


def _wrong(
    row: IncidentCountCreate, this_month: date, wings: set[UUID], known: set[Key]
) -> Iterator[tuple[str, str, str]]:
    """What is wrong with a row: field, code, message. Notes it as known."""
    month = row.month.replace(day=1)
    if month >= this_month:
        yield "month", "in_order", "must be over: not this month, nor one to come"
    if row.wing_id is not None and row.wing_id not in wings:
        yield "wing_id", "unknown", "there is no such wing here"
    key = (month, row.wing_id, row.incident.value)
    if key in known:
        yield "incident", "taken", "is counted already for this month and place"
    known.add(key)


def _counted(actor: Actor, row: IncidentCountCreate) -> IncidentCount:
    fields = {**row.model_dump(), "month": row.month.replace(day=1)}
    return IncidentCount(prison_id=actor.prison_id, recorded_by=actor.subject, **fields)


async def shown(db: AsyncSession, count: IncidentCount, actor: Actor) -> Output:
    """The count, with what this actor may do next."""
    moves = await lifecycle.options(db, INCIDENT_COUNT, count, actor)
    fields = {**count.model_dump(), "moves": moves}
    return shape("incident_counts", actor.role).model_validate(fields)
