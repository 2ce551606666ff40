"""Two who are kept apart from now on, and are to meet in a group: the one who joined it later comes
to it no more, so that nobody reads from the plan who the two are. Staff are asked to look."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.models.mentees import Mentee
from app.models.mentors import Mentor
from app.models.sessions import Participation, Session
from app.scope import everything
from app.services import between_two
from app.services.enrolments import reviews
from app.services.matching import Two
from app.services.sessions import parting
from app.services.sessions.facts import hold_the_day
from app.services.sessions.moves import COMING


@dataclass(frozen=True, slots=True)
class Coming:
    """One who is to come to a meeting."""

    part_id: UUID
    person_id: UUID


def who_leaves(mentor: UUID, coming: Sequence[Coming], apart: Collection[Two]) -> list[UUID]:
    """The parts of those who are apart from the mentor, or from one who joined before them and
    stays. `coming`: in the order in which they joined. Pure."""
    stay, leave = [mentor], []
    for each in coming:
        if any((other, each.person_id) in apart for other in stay):
            leave.append(each.part_id)
        else:
            stay.append(each.person_id)
    return leave


async def part_groups(db: AsyncSession, prison_id: str, people: Collection[UUID]) -> None:
    """Part whoever of these people is kept apart now from somebody they are to meet. They are held
    as mentees, so that what is planned with them in the same instant is seen; the caller holds
    them as mentors."""
    mentees = everything(Mentee, prison_id).where(col(Mentee.person_id).in_(people))
    held = mentees.order_by(col(Mentee.id)).with_for_update(key_share=True)
    ids = [each.id for each in await db.scalars(held)]
    await hold_the_day(db, prison_id)
    sessions = await _to_come(db, prison_id, people, ids)
    coming = await _coming(db, prison_id, [each.id for each in sessions])
    mentors = await _persons(db, prison_id, {each.mentor_id for each in sessions})
    known = {*mentors.values(), *(one.person_id for of in coming.values() for _, one in of)}
    apart = await between_two.non_associated(db, prison_id, known)
    parts = []
    for session in sessions:
        here = coming.get(session.id, [])
        gone = set(who_leaves(mentors[session.mentor_id], [one for _, one in here], apart))
        parts += [part for part, one in here if one.part_id in gone]
    await reviews.ask_of(db, await parting.leave(db, parts), groups=True)


async def _to_come(
    db: AsyncSession, prison_id: str, people: Collection[UUID], mentee_ids: Collection[UUID]
) -> Sequence[Session]:
    """What these people lead or come to, from now on."""
    led = everything(Mentor, prison_id).where(col(Mentor.person_id).in_(people))
    theirs = everything(Participation, prison_id).where(
        col(Participation.mentee_id).in_(mentee_ids),
        col(Participation.live),
        col(Participation.status).in_(COMING),
    )
    found = everything(Session, prison_id).where(
        col(Session.live),
        col(Session.starts_at) > clock.now(),
        or_(
            col(Session.mentor_id).in_(led.with_only_columns(col(Mentor.id))),
            col(Session.id).in_(theirs.with_only_columns(col(Participation.session_id))),
        ),
    )
    return (await db.scalars(found.order_by(col(Session.starts_at), col(Session.id)))).all()


async def _coming(
    db: AsyncSession, prison_id: str, session_ids: Collection[UUID]
) -> dict[UUID, list[tuple[Participation, Coming]]]:
    """Who is to come to each session, in the order in which they joined."""
    found = (
        everything(Participation, prison_id)
        .where(
            col(Participation.session_id).in_(session_ids),
            col(Participation.status).in_(COMING),
        )
        .join(
            Mentee,
            (col(Mentee.prison_id) == col(Participation.prison_id))
            & (col(Mentee.id) == col(Participation.mentee_id)),
        )
        .order_by(col(Participation.recorded_at), col(Participation.id))
        .add_columns(col(Mentee.person_id))
    )
    coming: dict[UUID, list[tuple[Participation, Coming]]] = {}
    for part, person_id in await db.execute(found):
        coming.setdefault(part.session_id, []).append((part, Coming(part.id, person_id)))
    return coming


async def _persons(
    db: AsyncSession, prison_id: str, mentor_ids: Collection[UUID]
) -> dict[UUID, UUID]:
    found = everything(Mentor, prison_id).where(col(Mentor.id).in_(mentor_ids))
    rows = await db.execute(found.with_only_columns(col(Mentor.id), col(Mentor.person_id)))
    return {mentor_id: person_id for mentor_id, person_id in rows}
