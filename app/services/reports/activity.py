"""What the scheme did: the sessions of a period."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access import Actor
from app.models.report_tables import ReportTable, Unit
from app.models.sessions import Session, SessionKind, SessionStatus
from app.services.periods import Period
from app.services.reports.tables import counts

TOOK_PLACE = (SessionStatus.held, SessionStatus.noted, SessionStatus.locked)


async def tables(db: AsyncSession, actor: Actor, period: Period) -> list[ReportTable]:
    """Sessions that took place, by kind."""
    found = (
        select(col(Session.kind), func.count())
        .where(
            col(Session.prison_id) == actor.prison_id,
            col(Session.status).in_(TOOK_PLACE),
            col(Session.starts_at) >= period.since,
            col(Session.starts_at) < period.until,
        )
        .group_by(col(Session.kind))
    )
    counted = {kind: number for kind, number in await db.execute(found)}
    by_kind = {each.value: counted.get(each, 0) for each in SessionKind}
    return [counts("sessions_by_kind", "Sessions held", Unit.sessions, by_kind)]
