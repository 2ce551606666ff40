"""Sessions: planned and re-planned (`booking.py`, decided by `app/services/scheduling.py` on what
`facts.py` loads), recorded as they happened (`held.py`), noted (`notes.py`), looked for
(`free_times.py`); their life and that of a participation as tables of moves (`moves.py`)."""

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access import Actor
from app.errors import NotFound
from app.models.base import Output
from app.models.mentees import Mentee
from app.models.people import Person
from app.models.sessions import (
    ClashForMentor,
    ClashRead,
    Participation,
    ParticipationRow,
    Session,
)
from app.scope import everything, visible
from app.services import lifecycle
from app.services.sessions.booking import book, replan
from app.services.sessions.held import record_held
from app.services.sessions.moves import PARTICIPATION, SESSION
from app.services.sessions.notes import add_to_note, addenda, lock_due, write_note
from app.services.sessions.slots import Asked, find
from app.visibility import shape


async def shown(
    db: AsyncSession,
    session: Session,
    actor: Actor,
    warnings: list[ClashRead | ClashForMentor] | None = None,
) -> Output:
    """The session as this actor sees it, with what they may do next; `warnings` if recorded."""
    found = shape("sessions" if warnings is None else "sessions.recorded", actor.role)
    return found.model_validate(
        {
            **session.model_dump(),
            "participations": await _rows(db, session, actor),
            "moves": await lifecycle.options(db, SESSION, session, actor),
            "warnings": warnings,
        }
    )


async def _rows(db: AsyncSession, session: Session, actor: Actor) -> list[ParticipationRow]:
    """The session's participations, by name."""
    found = (
        visible(Participation, actor)
        .where(col(Participation.session_id) == session.id)
        .join(
            Mentee,
            (col(Mentee.prison_id) == col(Participation.prison_id))
            & (col(Mentee.id) == col(Participation.mentee_id)),
        )
        .join(
            Person,
            (col(Person.prison_id) == col(Mentee.prison_id))
            & (col(Person.id) == col(Mentee.person_id)),
        )
        .order_by(col(Person.display_name), col(Participation.id))
        .add_columns(col(Person.display_name))
    )
    return [
        ParticipationRow.model_validate({**part.model_dump(), "display_name": name})
        for part, name in await db.execute(found)
    ]


def check_part(session: Session, participation: Participation) -> None:
    """The participation is this session's. Raises NotFound."""
    if participation.session_id != session.id:
        raise NotFound()


async def shown_part(db: AsyncSession, participation: Participation, actor: Actor) -> Output:
    """The participation as this actor sees it, with what they may do next."""
    person = everything(Person, participation.prison_id).join(
        Mentee,
        (col(Mentee.prison_id) == col(Person.prison_id)) & (col(Mentee.person_id) == Person.id),
    )
    name = await db.execute(
        person.where(col(Mentee.id) == participation.mentee_id).with_only_columns(
            col(Person.display_name)
        )
    )
    return shape("sessions.participations", actor.role).model_validate(
        {
            **participation.model_dump(),
            "display_name": name.scalar_one(),
            "moves": await lifecycle.options(db, PARTICIPATION, participation, actor),
        }
    )


__all__ = [
    "PARTICIPATION",
    "SESSION",
    "Asked",
    "add_to_note",
    "addenda",
    "book",
    "check_part",
    "find",
    "lock_due",
    "record_held",
    "replan",
    "shown",
    "shown_part",
    "write_note",
]
