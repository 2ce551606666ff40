"""Somebody who has a place is not in every meeting of it, or comes to a group no more: staff are
asked to look. It is asked in the same words whatever the reason, of which nothing is said."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.enrolments import Enrolment, EnrolmentStatus
from app.models.mentees import Mentee
from app.models.series import Occurrence
from app.models.sessions import Participation, Session
from app.models.staff import StaffRole
from app.models.tasks import TaskKind
from app.scope import everything
from app.services import tasks
from app.services.scheduling import GROUPS

DUE_IN = timedelta(hours=48)
KIND = TaskKind.place_review


async def ask(db: AsyncSession, thing: Any, mentee: Mentee) -> None:
    """Ask to look at an enrolment, or at a group, once as long as it is not done."""
    if await tasks.open_of(db, thing, KIND):
        return
    await tasks.open_task(
        db,
        thing.prison_id,
        KIND,
        thing=thing,
        person_id=mentee.person_id,
        for_role=StaffRole.support_worker,
        due_in=DUE_IN,
    )


async def over(db: AsyncSession, enrolment: Enrolment) -> None:
    """The place is given up: there is nothing to look at."""
    await tasks.drop(db, enrolment, KIND)


async def ask_of(db: AsyncSession, parts: Iterable[Participation], *, groups: bool) -> None:
    """Ask of those whose part was cancelled: of their place in the series; with `groups`, of other
    groups too."""
    for part in parts:
        theirs = everything(Mentee, part.prison_id).where(col(Mentee.id) == part.mentee_id)
        mentee = (await db.scalars(theirs)).one()
        place = await _place_of(db, part)
        if place is not None:
            await ask(db, place, mentee)
            continue
        found = everything(Session, part.prison_id).where(col(Session.id) == part.session_id)
        session = (await db.scalars(found)).one()
        if groups and session.kind in GROUPS:
            await ask(db, session, mentee)


async def _place_of(db: AsyncSession, part: Participation) -> Enrolment | None:
    """The place by which somebody comes to a meeting."""
    series = everything(Occurrence, part.prison_id).where(
        col(Occurrence.session_id) == part.session_id
    )
    found = everything(Enrolment, part.prison_id).where(
        col(Enrolment.mentee_id) == part.mentee_id,
        col(Enrolment.status) == EnrolmentStatus.accepted,
        col(Enrolment.series_id).in_(series.with_only_columns(col(Occurrence.series_id))),
    )
    return (await db.scalars(found)).one_or_none()
