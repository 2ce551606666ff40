"""The meetings of a series: the occurrences that count, each with its session."""

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.series import Occurrence, Series
from app.models.sessions import Session
from app.scope import everything


async def meetings_of(db: AsyncSession, series: Series) -> list[tuple[Occurrence, Session]]:
    """Those that are not superseded, by number."""
    found = (
        everything(Occurrence, series.prison_id)
        .where(
            col(Occurrence.series_id) == series.id,
            col(Occurrence.superseded_at).is_(None),
        )
        .join(
            Session,
            (col(Session.prison_id) == col(Occurrence.prison_id))
            & (col(Session.id) == col(Occurrence.session_id)),
        )
        .add_columns(Session)
        .order_by(col(Occurrence.number))
    )
    return [(occurrence, session) for occurrence, session in await db.execute(found)]
