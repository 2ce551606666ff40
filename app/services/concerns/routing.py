"""Whom a concern must be kept from: it goes past those it may touch, and past their line."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access import Actor
from app.errors import NotAllowed
from app.models.concerns import CONCERN_OPEN, Concern, ConcernKind
from app.models.mentors import MENTOR_ENDED, Mentor
from app.models.staff import Role, StaffRole
from app.scope import everything

ABOUT_CONDUCT = {ConcernKind.misconduct, ConcernKind.harm_to_others, ConcernKind.security_matter}
READ_BY_THE_WING = {ConcernKind.welfare, ConcernKind.self_harm_or_suicide}
"""Kinds that go past nobody by themselves, whoever they are about."""
READ_BY_CLINICIANS = {ConcernKind.safeguarding, ConcernKind.coercion_of_mentor}


async def route(db: AsyncSession, concern: Concern, duplicates: Sequence[Concern] = ()) -> None:
    """Mark a concern about a mentor's conduct, and the supervisor from whom it is hidden; also
    where only one of its duplicates is of conduct."""
    concern.about_mentor, concern.about_line_id = False, None
    of_conduct = any(each.kind in ABOUT_CONDUCT for each in (concern, *duplicates))
    if concern.subject_person_id is None or not of_conduct:
        return
    live = everything(Mentor, concern.prison_id).where(
        col(Mentor.person_id) == concern.subject_person_id, col(Mentor.status).not_in(MENTOR_ENDED)
    )
    mentor = (await db.execute(live)).scalars().first()
    if mentor is not None:
        concern.about_mentor, concern.about_line_id = True, mentor.supervisor_id


async def duplicates_of(db: AsyncSession, concern: Concern, *, lock: bool = False) -> list[Concern]:
    """What was merged into it, and what was merged into that."""
    found: list[Concern] = []
    into = [concern.id]
    while into:
        theirs = everything(Concern, concern.prison_id).where(col(Concern.merged_into).in_(into))
        rows = theirs.order_by(col(Concern.id))
        merged = (await db.scalars(rows.with_for_update() if lock else rows)).all()
        found += merged
        into = [each.id for each in merged]
    return found


async def keep_alike(db: AsyncSession, concern: Concern) -> None:
    """What was merged into it is about whom it is about, and kept from whom it is kept from: it is
    the same matter, and says what it was merged into."""
    for each in await duplicates_of(db, concern, lock=True):
        each.subject_person_id = concern.subject_person_id or each.subject_person_id
        each.about_mentor, each.about_line_id = concern.about_mentor, concern.about_line_id


async def follow_supervisor(db: AsyncSession, mentor: Mentor) -> None:
    """The mentor was given another supervisor: what is open about the mentor's conduct goes past
    them from now on."""
    found = everything(Concern, mentor.prison_id).where(
        col(Concern.subject_person_id) == mentor.person_id,
        col(Concern.about_mentor),
        col(Concern.status).in_(CONCERN_OPEN),
    )
    for concern in await db.scalars(found.order_by(col(Concern.id)).with_for_update()):
        concern.about_line_id = mentor.supervisor_id
        await keep_alike(db, concern)


async def keep_from_the_line(db: AsyncSession, concern: Concern) -> None:
    """Note the supervisor the mentor has by now, of one that is routed."""
    live = everything(Mentor, concern.prison_id).where(
        col(Mentor.person_id) == concern.subject_person_id, col(Mentor.status).not_in(MENTOR_ENDED)
    )
    mentor = (await db.execute(live)).scalars().first() if concern.about_mentor else None
    if mentor is not None:
        concern.about_line_id = mentor.supervisor_id
        await keep_alike(db, concern)


def kept_from(concern: Concern, staff_id: UUID | None) -> bool:
    """Whether the concern is about this member of staff, or about a mentor of theirs."""
    return staff_id is not None and staff_id in {concern.about_staff_id, concern.about_line_id}


def may_work(concern: Concern, role: StaffRole | Role, staff_id: UUID) -> bool:
    """Whether someone may read this concern, and so be paged about it (see `scope`).

    Never one about themselves or a mentor of theirs; one about a mentor, about staff or of
    security only where it is routed.
    """
    if kept_from(concern, staff_id):
        return False
    family = Role(role.value).family
    if family is Role.clinician:
        return not concern.routed or concern.kind in READ_BY_CLINICIANS
    return family is Role.governor or not concern.governors_only


def may_change(concern: Concern, actor: Actor) -> None:
    """NotAllowed for what a clinician sees through a broken glass alone: it may be read."""
    if actor.staff_id is not None and not may_work(concern, actor.role, actor.staff_id):
        raise NotAllowed("What is seen through a broken glass may be read, not changed.")
