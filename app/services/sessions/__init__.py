"""Sessions: planned and re-planned (`booking.py`, decided by `app/services/scheduling.py` on what
`facts.py` loads), recorded as they happened (`held.py`), noted (`notes.py`), looked for
(`free_times.py`); their life and that of a participation as tables of moves (`moves.py`)."""

from typing import Any

from sqlalchemy import literal
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
    Session,
)
from app.models.staff import Role
from app.scope import visible
from app.services import lifecycle
from app.services.participations.naming import in_a_group
from app.services.participations.outcomes import outcome
from app.services.scheduling import GROUPS
from app.services.sessions.booking import book, replan
from app.services.sessions.held import record_held
from app.services.sessions.moves import PARTICIPATION, SESSION, session_of
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


async def _rows(db: AsyncSession, session: Session, actor: Actor) -> list[dict[str, Any]]:
    """The session's participations, by name. A mentor's groups are known to them by first names,
    and of whoever is not their own mentee they learn nothing else."""
    group = actor.family is Role.mentor and session.kind in GROUPS
    name = col(Person.first_name if group else Person.display_name)
    mine = visible(Mentee, actor).where(col(Mentee.id) == col(Participation.mentee_id))
    own = mine.with_only_columns(literal(1)).correlate(Participation).exists()
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
        .order_by(name, col(Participation.id))
        .add_columns(name, own)
    )
    rows = (await db.execute(found)).all()
    names = in_a_group([name for _, name, _ in rows]) if group else [name for _, name, _ in rows]
    return [
        {
            **part.model_dump(exclude=set() if is_own or not group else {"mentee_id"}),
            "display_name": shown_as,
            "hmpps_outcome": outcome(part.status, part.reason),
        }
        for (part, _, is_own), shown_as in zip(rows, names, strict=True)
    ]


def check_part(session: Session, participation: Participation) -> None:
    """The participation is this session's. Raises NotFound."""
    if participation.session_id != session.id:
        raise NotFound()


async def shown_part(db: AsyncSession, participation: Participation, actor: Actor) -> Output:
    """The participation as this actor sees it, with what they may do next."""
    session = await session_of(db, participation)
    rows = await _rows(db, session, actor)
    [mine] = [each for each in rows if each["id"] == participation.id]
    hidden = "mentee_id" not in mine
    found = shape(f"sessions.participations{'.group' if hidden else ''}", actor.role)
    moves = await lifecycle.options(db, PARTICIPATION, participation, actor)
    return found.model_validate({**mine, "moves": moves})


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
