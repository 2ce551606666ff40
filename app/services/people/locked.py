"""Whether notes are locked because somebody has died whom they touch: addenda only."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.deaths import Death, DeathStatus
from app.models.mentees import Mentee
from app.models.mentors import Mentor
from app.models.sessions import Participation, Session
from app.scope import everything


async def notes_locked(db: AsyncSession, prison_id: str, person_id: UUID) -> bool:
    """Whether a report of this person's death stands."""
    return await standing_death(db, prison_id, person_id) is not None


async def standing_death(db: AsyncSession, prison_id: str, person_id: UUID) -> Death | None:
    """The report of this person's death that stands."""
    found = everything(Death, prison_id).where(
        col(Death.person_id) == person_id, col(Death.status) == DeathStatus.reported
    )
    return (await db.execute(found)).scalar_one_or_none()


async def standing_deaths(
    db: AsyncSession, prison_id: str, people: Sequence[UUID]
) -> frozenset[UUID]:
    """Which of these people a report of death stands for."""
    found = everything(Death, prison_id).where(
        col(Death.person_id).in_(people), col(Death.status) == DeathStatus.reported
    )
    return frozenset(death.person_id for death in (await db.execute(found)).scalars())


async def session_locked(db: AsyncSession, session: Session) -> bool:
    """Whether the session's mentor, or someone who was to come to it, has died."""
    here = session.prison_id
    parts = everything(Participation, here).where(col(Participation.session_id) == session.id)
    coming = parts.with_only_columns(col(Participation.mentee_id))
    mentees = everything(Mentee, here).where(col(Mentee.id).in_(coming))
    mentors = everything(Mentor, here).where(col(Mentor.id) == session.mentor_id)
    found = everything(Death, here).where(
        col(Death.status) == DeathStatus.reported,
        col(Death.person_id).in_(mentees.with_only_columns(col(Mentee.person_id)))
        | col(Death.person_id).in_(mentors.with_only_columns(col(Mentor.person_id))),
    )
    return (await db.execute(found.limit(1))).scalar_one_or_none() is not None
